import { expect } from 'vitest';
import type { Visitor } from '../../portals/visitor.ts';
import { many, posted } from '../storm.ts';
import type { ConsoleWorld } from '../world.ts';
import { counted, formOn, type Scene, type Table } from './scene.ts';

/** Drafts of policies, and what is saved of them. */
export const policyTable: Table = {
  'POST /policies/draft/begin': [
    [
      'begins one draft',
      async ({ world, staff, visitor }) => ({
        visitor,
        form: await formOn(visitor, '/policies'),
        async so(answers) {
          expect(counted(answers, 303)).toBe(many);
          expect(await draftOf({ world, staff })).toMatchObject({ revision: 1 });
        },
      }),
    ],
  ],
  'POST /policies/draft/policy/:at': [
    [
      'adds one policy',
      async ({ world, staff, visitor }) => {
        await visitor.open('/policies');
        await visitor.submit();
        await visitor.open('/policies/draft/policy/new');
        return {
          visitor,
          form: visitor.form({ 'place-otp-sms': '1', name: 'Fifty', groups: 'Helpdesk North' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            const kept = await draftOf({ world, staff });
            expect(kept?.revision).toBe(2);
            expect(namesIn(kept?.policies).filter((name) => name === 'Fifty')).toHaveLength(1);
          },
        };
      },
    ],
  ],
  'POST /policies/draft/arrange': [
    [
      'moves it by one place',
      async ({ world, staff, visitor }) => {
        await draftWith(visitor, 'Moved');
        const revision = String((await draftOf({ world, staff }))?.revision);
        const before = namesIn((await draftOf({ world, staff }))?.policies).indexOf('Moved');
        return {
          visitor,
          form: posted(visitor, '/policies/draft/arrange', { revision, name: 'Moved', way: 'up' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 409)]).toEqual([1, many - 1]);
            expect(namesIn((await draftOf({ world, staff }))?.policies).indexOf('Moved')).toBe(before - 1);
          },
        };
      },
    ],
  ],
  'POST /policies/draft/discard': [
    [
      'throws it away',
      async ({ world, staff, visitor }) => {
        await draftWith(visitor, 'Gone');
        return {
          visitor,
          form: posted(visitor, '/policies/draft/discard'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await draftOf({ world, staff })).toBeUndefined();
          },
        };
      },
    ],
  ],
  'POST /policies/draft/catch-up': [
    [
      'puts it on top once',
      async ({ world, staff, visitor }) => {
        await draftWith(visitor, 'Late');
        const latest = await world.latchkey.stores.policies.latest();
        const { version = 0, policies: list = [] } = latest ?? {};
        const [first, ...rest] = list as { name: string }[];
        const changed = [{ ...first, name: `elsewhere ${version}` }, ...rest] as never;
        const by = { by: 'eve', byName: 'Eve', note: '', at: world.clock.now() };
        await world.latchkey.stores.policies.save({ ...by, basedOn: version, policies: changed });
        return {
          visitor,
          form: posted(visitor, '/policies/draft/catch-up', { note: 'x' }),
          async so() {
            const kept = await draftOf({ world, staff });
            expect(kept).toMatchObject({ basedOn: version + 1, revision: 3 });
            expect(namesIn(kept?.policies).filter((name) => name === 'Late')).toHaveLength(1);
          },
        };
      },
    ],
  ],
  'POST /policies/draft/save': [
    [
      'is one version',
      async ({ world, staff, visitor }) => {
        await draftWith(visitor, `Saved ${await newest(world)}`);
        const before = await newest(world);
        await visitor.open('/policies/draft/review');
        return {
          visitor,
          form: visitor.form({ note: 'once' }),
          async so() {
            expect(await newest(world)).toBe(before + 1);
            expect(world.audited('policies.saved').filter(({ detail }) => detail.version === before + 1)).toHaveLength(
              1,
            );
            expect(await draftOf({ world, staff })).toBeUndefined();
          },
        };
      },
    ],
    [
      'of a draft that is gone does nothing',
      async ({ world, visitor }) => {
        await visitor.open('/policies');
        const before = await newest(world);
        return {
          visitor,
          form: posted(visitor, '/policies/draft/save', { revision: '1', note: 'late' }),
          async so(answers) {
            for (const { headers } of answers) expect(headers.location).toBe('/policies');
            expect(await newest(world)).toBe(before);
          },
        };
      },
    ],
  ],
  'POST /policies/versions/:version/restore': [
    [
      'is one version',
      async ({ world, visitor }) => {
        await draftWith(visitor, `Back ${await newest(world)}`);
        await visitor.open('/policies/draft/review');
        await visitor.submit({ note: 'to go back from' });
        const before = await newest(world);
        await visitor.open(`/policies/versions/${before - 1}`);
        return {
          visitor,
          form: visitor.form({ note: 'back' }),
          async so() {
            expect(await newest(world)).toBe(before + 1);
          },
        };
      },
    ],
  ],
};

/** Begins a draft of policies, and adds one policy to it. */
async function draftWith(visitor: Visitor, name: string): Promise<void> {
  await visitor.open('/policies');
  await visitor.submit({}, undefined);
  await visitor.open('/policies/draft/policy/new');
  await visitor.submit({ 'place-otp-sms': '1', name, groups: 'Helpdesk North' });
  expect(visitor.path).toBe('/policies/draft');
}

function draftOf({ world, staff }: Pick<Scene, 'world' | 'staff'>) {
  return world.latchkey.stores.policies.draft(staff.id);
}

function newest(world: ConsoleWorld): Promise<number> {
  return world.latchkey.stores.policies.newest();
}

function namesIn(list: unknown): readonly string[] {
  return (list as { name: string }[]).map(({ name }) => name);
}
