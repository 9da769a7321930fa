import { expect } from 'vitest';
import { wholeDatabase } from '../drive-world.ts';
import { many, type Storm } from '../storm.ts';
import { counted, formOn, noJobs, type Scene, type Table } from './scene.ts';

/** Work in the background, and what looks at one login. */
export const backgroundTable: Table = {
  'POST /simulator': [['is one simulation', (scene) => oneJob(scene, '/simulator', 'simulation')]],
  'POST /one-login': [
    [
      'changes nothing',
      async ({ world, driven, visitor }) => {
        const form = await formOn(visitor, '/one-login', { login: driven.samName });
        const before = wholeDatabase(world);
        return {
          visitor,
          form,
          async so(answers) {
            expect(counted(answers, 200)).toBe(many);
            expect(wholeDatabase(world)).toEqual(before);
          },
        };
      },
    ],
  ],
  'POST /jobs/:job/cancel': [['ends it once', (scene) => oneEnd(scene, '/jobs/', 'simulation')]],
  'POST /audit/check': [['is one check', (scene) => oneJob(scene, '/audit/check', 'audit-check')]],
  'POST /audit/check/:job': [['ends it once', (scene) => oneEnd(scene, '/audit/check/', 'audit-check')]],
};

/** What rows of one job kind come to: one press is one job. */
async function oneJob({ world, visitor }: Scene, path: string, kind: string): Promise<Storm> {
  const { jobs } = world.latchkey.background;
  const ofKind = async (): Promise<number> => (await jobs.recent(500)).filter((job) => job.kind === kind).length;
  await noJobs(world);
  const before = await ofKind();
  return {
    visitor,
    form: await formOn(visitor, path),
    async so() {
      await jobs.idle();
      expect(await ofKind()).toBe(before + 1);
    },
  };
}

/** What rows that end a job come to: it is cancelled, and nothing else is said of it. */
async function oneEnd({ world, visitor }: Scene, page: string, kind: string): Promise<Storm> {
  const { jobs } = world.latchkey.background;
  const job = await jobs.start(kind, { id: 'eve', name: 'Eve' }, untilCancelled);
  return {
    visitor,
    form: await formOn(visitor, `${page}${job?.id}`),
    async so(answers) {
      expect(counted(answers, 303)).toBe(many);
      await jobs.idle();
      expect(await jobs.read(job?.id ?? '')).toMatchObject({ state: 'cancelled' });
    },
  };
}

/** The work of a job that goes on until it is cancelled. */
async function untilCancelled(_report: unknown, signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  throw new Error('cancelled');
}
