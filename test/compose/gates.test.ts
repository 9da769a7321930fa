import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createGates } from '../../src/compose/gates.ts';
import { WorkQueue } from '../../src/core/background/work-queue.ts';
import { Misconfigured } from '../../src/core/errors.ts';
import type { Gate } from '../../src/core/gate.ts';
import type { Definitions, GateNeeds } from '../../src/definitions.ts';

/** One gate, which notes what it is made with. */
function world() {
  const made: { readonly settings: unknown; readonly needs: GateNeeds }[] = [];
  const definition = {
    id: 'badge',
    factor: 'possession',
    settings: z.strictObject({ length: z.int().min(4).default(4), colour: z.string().default('red') }),
    create(settings: unknown, needs: GateNeeds): Gate {
      made.push({ settings, needs });
      return { id: 'badge' } as Gate;
    },
  };
  const definitions = { gates: [definition], providers: [], views: [] } as unknown as Definitions;
  const configuration = {
    policies: [{ chain: ['badge'] }],
    channels: {},
    gates: { badge: { length: 6, colour: 'red' } },
  };
  const hashing = new WorkQueue({ atOnce: 1 });
  const parts = { hashing } as GateNeeds;
  return { gates: createGates({ configuration: configuration as never, definitions }, parts), made, hashing };
}

describe('a gate with settings of a policy', () => {
  test('has what the policy says, and the rest as configured', () => {
    const { gates, made } = world();
    gates.get('badge', { colour: 'blue' });
    expect(made.map(({ settings }) => settings)).toEqual([
      { length: 6, colour: 'red' },
      { length: 6, colour: 'blue' },
    ]);
  });

  test('shares what there is one of in a process', () => {
    const { gates, made, hashing } = world();
    gates.get('badge', { length: 8 });
    gates.get('badge', { length: 9 });
    expect(made.map(({ needs }) => needs.hashing === hashing)).toEqual([true, true, true]);
  });

  test('that it does not take is a fault, and never the gate as configured', () => {
    const { gates } = world();
    expect(() => gates.get('badge', { length: 3 })).toThrow(Misconfigured);
    expect(() => gates.get('badge', { size: 3 })).toThrow(Misconfigured);
  });
});
