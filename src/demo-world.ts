import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StaffHints } from './console/sign-in-routes.ts';
import type { Identity } from './core/account.ts';
import type { Clock } from './core/clock.ts';
import type { Directory } from './core/directory.ts';
import type { Gate } from './core/gate.ts';
import type { Json } from './core/json.ts';
import type { EnrolmentStore } from './core/stores.ts';
import type { ActiveDirectorySettings } from './directories/active-directory/settings.ts';
import { startDemoDirectory } from './directories/demo/demo-directory.ts';
import { type DemoAccount, demoColleagues, demoPassword, demoPeople, demoStaff } from './directories/demo/people.ts';
import type { DemoKey, DemoPhone, DemoWorldView } from './portals/demo-routes.ts';
import type { VirtualMailbox } from './providers/demo/virtual-mailbox.ts';
import type { VirtualPhones } from './providers/demo/virtual-phones.ts';

/** The demo's directory as the Active Directory client is to find it: real LDAP over TLS, verified. */
export interface DemoServer {
  readonly settings: ActiveDirectorySettings;
  close(): Promise<void>;
}

/** Starts the embedded directory and writes its certificate where the client's settings can name it. */
export async function startDemoServer(needs: { production: boolean; clock: Clock }): Promise<DemoServer> {
  const server = await startDemoDirectory(needs);
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-demo-'));
  const caFile = path.join(folder, 'ca.pem');
  await writeFile(caFile, server.ca);
  return {
    settings: {
      urls: [server.url],
      starttls: false,
      'ca-file': caFile,
      'base-dn': server.baseDn,
      'people-base': `OU=People,${server.baseDn}`,
      domain: server.domain,
      'bind-account': server.serviceAccount.principal,
      'bind-password': server.serviceAccount.password,
      'operation-timeout-ms': 8_000,
      'walk-timeout-ms': 120_000,
      'connect-timeout-ms': 3_000,
      'pool-size': 4,
      'privileged-groups': [],
    },
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type DemoAnswers = DemoWorldView['hints']['answers'];

/** Who of the demo's people has registered already, so that a reset can be tried at once. */
const registered = new Set(['registered', 'locked', 'right-to-left']);

/** What these people answered, in the alphabetical order of the questions. */
const answers = ['Hillside', 'Blue Heron', 'Captain Nemo', 'Lighthouse', 'Marmalade'];

interface Seeding {
  readonly gates: ReadonlyMap<string, Gate>;
  readonly directory: Directory;
  readonly enrolments: EnrolmentStore;
  readonly clock: Clock;
  readonly languages: readonly string[];
}

/** Registers the people of the demo by the gates' own steps, as if they had been here before. */
export async function seedEnrolments(needs: Seeding): Promise<DemoAnswers> {
  const known = new Map<string, DemoAnswers[number]>();
  const people: readonly DemoAccount[] = demoPeople.filter(({ situation }) => registered.has(situation));
  for (const person of [...people, ...demoStaff]) {
    const account = await needs.directory.find({ kind: 'bare', name: person.samName });
    if (account === undefined) throw new Error(`the demo directory lost ${person.samName}`);
    for (const gate of needs.gates.values()) {
      // Hashing answers takes time, and who signs in to the console is not asked them.
      if (gate.id === 'questions' && !people.includes(person)) continue;
      const number = gate.id === 'phone' ? person.telephone : person.mobile;
      const data =
        gate.id !== 'questions'
          ? { number: number.replaceAll(' ', '') }
          : await answerQuestions(gate, { account, known, languages: needs.languages });
      await needs.enrolments.keep({ accountId: account.id, gate: gate.id, data, provedAt: needs.clock.now() });
    }
  }
  return [...known.values()];
}

/** Registers the telephones of who works with the console, so that they can sign in at once. */
export async function seedStaffEnrolments(needs: Omit<Seeding, 'gates' | 'languages'>): Promise<void> {
  for (const person of demoStaff) {
    const { id: accountId } = await accountOf(person, needs);
    for (const gate of ['phone', 'otp-sms']) {
      const data = numberOf(person, gate);
      await needs.enrolments.keep({ accountId, gate, data, provedAt: needs.clock.now() });
    }
  }
}

async function accountOf({ samName }: DemoAccount, { directory }: Pick<Seeding, 'directory'>): Promise<Identity> {
  const account = await directory.find({ kind: 'bare', name: samName });
  if (account === undefined) throw new Error(`the demo directory lost ${samName}`);
  return account;
}

function numberOf({ telephone, mobile }: DemoAccount, gate: string): { readonly number: string } {
  return { number: (gate === 'phone' ? telephone : mobile).replaceAll(' ', '') };
}

/** Whom to try the console as. @param publicUrl where the virtual phone is */
export function staffHintsOf(publicUrl: URL): StaffHints {
  return {
    password: demoPassword,
    phones: new URL('/demo/phone', publicUrl).href,
    people: demoStaff.map(({ samName, displayName, role }) => ({ login: samName, name: displayName, role })),
  };
}

async function answerQuestions(
  gate: Gate,
  needs: { account: Identity; known: Map<string, DemoAnswers[number]>; languages: readonly string[] },
): Promise<Json> {
  const { account, known, languages } = needs;
  const context = {
    subject: { kind: 'account', account },
    memory: null,
    language: 'en',
    purpose: 'registration',
    flowReference: 'demo',
  } as const;
  const memory = await gate.enrol.open(context);
  const shown = async (language: string): Promise<readonly { field: string; text: string }[]> => {
    const page = await gate.enrol.show({ ...context, memory, language });
    return page.data.questions as { field: string; text: string }[];
  };
  const texts = await Promise.all(languages.map(async (language) => [language, await shown(language)] as const));
  const input: Record<string, string> = {};
  for (const { field, text } of (await shown('en')).toSorted((a, b) => a.text.localeCompare(b.text, 'en'))) {
    const answer = known.get(text)?.answer ?? answers[known.size] ?? `Answer ${known.size}`;
    const same = texts.map(([language, all]) => [language, all.find((one) => one.field === field)?.text ?? text]);
    known.set(text, { question: Object.fromEntries(same), answer });
    input[field] = answer;
  }
  const verdict = await gate.enrol.answer(input, { ...context, memory });
  if (verdict.kind !== 'passed') throw new Error('the demo answers do not pass the gate that they are for');
  return verdict.enrolment ?? null;
}

/** The demo as its pages see it. */
export function viewOf(world: { phones: VirtualPhones; mailbox: VirtualMailbox; answers: DemoAnswers }): DemoWorldView {
  const { phones, mailbox } = world;
  const owner = new Map(
    [...demoPeople, ...demoStaff, ...demoColleagues].flatMap((person) =>
      [person.mobile, person.telephone].map((number) => [number.replaceAll(' ', ''), person]),
    ),
  );
  return {
    hints: {
      password: demoPassword,
      answers: world.answers,
      people: demoPeople.map(({ samName, displayName, situation }) => ({
        login: samName,
        name: displayName,
        situation,
      })),
    },
    phones: () =>
      [...phones.numbers()].reverse().map((number): DemoPhone => {
        const { texts, calls } = phones.phone(number);
        const name = owner.get(number)?.displayName;
        return {
          number,
          ...(name === undefined ? {} : { owner: name }),
          texts: [...texts].reverse(),
          calls: [...calls].reverse(),
        };
      }),
    mails: () => mailbox.addresses().flatMap((address) => mailbox.mails(address)),
    press: (callId, key) => press(phones, callId, key),
  };
}

function press(phones: VirtualPhones, callId: string, key: DemoKey): void {
  if (key === 'answer') phones.answer(callId);
  else if (key === 'hang-up') phones.hangUp(callId);
  else if (key === 'not-me') phones.refuse(callId);
  else phones.press(callId, key);
}
