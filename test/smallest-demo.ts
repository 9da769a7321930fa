import { randomBytes } from 'node:crypto';

/** The smallest configuration of a demo: a code by text, and nothing is kept. A test puts in what it is about. */
export const smallestDemo = {
  'public-url': 'http://127.0.0.1:3000',
  listen: { port: 0 },
  organisation: { name: 'Contoso' },
  keys: 'ephemeral',
  store: { kind: 'sqlite', file: ':memory:' },
  directory: { kind: 'demo' },
  providers: { texts: { kind: 'virtual-sms' } },
  channels: { sms: ['texts'] },
  policies: [{ name: 'everyone', members: 'everyone', chain: ['otp-sms'] }],
};

/** The same, and what is kept outlasts the process. @param database path of its file */
export function lastingDemo(database: string) {
  return {
    ...smallestDemo,
    keys: [{ id: 'test', secret: randomBytes(32).toString('hex') }],
    store: { kind: 'sqlite', file: database },
  };
}

/** A lasting one whose policies are in the store; its people can answer questions. @param database path of its file */
export function storedPoliciesDemo(database: string) {
  const questions = ['one', 'two', 'three', 'four', 'five'].map((id) => ({ id, text: { en: `What is ${id}?` } }));
  return { ...lastingDemo(database), gates: { questions: { questions } }, 'policies-in': 'store' };
}
