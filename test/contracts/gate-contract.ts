import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { Identity } from '../../src/core/account.ts';
import type { Gate, GateContext, GateDefinition, Page, Step, Subject, Verdict } from '../../src/core/gate.ts';
import type { Json } from '../../src/core/json.ts';

export type Input = Readonly<Record<string, string>>;

/** A gate, and somebody who can walk through it. */
export interface GateWorld {
  readonly gate: Gate;
  readonly account: Identity;
  /** Takes a person through `enrol`, as a browser would, and returns what the gate wants to keep. */
  enrolled(): Promise<Json>;
  /** Does what proves it (reads the code, presses the key) and returns what to post. */
  right(page: Page): Promise<Input>;
  /** Does something else, and returns what to post. Another one each time. */
  wrong(page: Page, nth: number): Promise<Input>;
  /** How a wrong answer is told. */
  readonly told: 'wrong' | 'more';
  /** Waits until what runs in the background has ended. */
  settled(): Promise<void>;
  /** From now on everything behind the gate fails. Only gates that prove possession have something behind them. */
  breakIt?(): void;
  /** What may be in no memory and on no page of `verify`: numbers, codes, answers. Called after a walk. */
  secrets(): readonly string[];
  /** The flow that the walks belong to. */
  readonly flowReference: string;
  close(): Promise<void>;
}

const seed = '5eed'.repeat(16);

/**
 * What every Gate must do.
 * @param definition what the gate is found by; what proves possession has more to keep
 * @param makeWorld called before each test
 */
export function gateContract(
  definition: Pick<GateDefinition<z.ZodType, unknown>, 'id' | 'factor'>,
  makeWorld: () => Promise<GateWorld>,
): void {
  describe(`gate contract: ${definition.id}`, () => {
    let world: GateWorld;
    let enrolment: Json;
    beforeEach(async () => {
      world = await makeWorld();
      enrolment = await world.enrolled();
    });
    afterEach(() => world.close());

    function person(): Subject {
      return { kind: 'account', account: world.account, enrolment };
    }

    const decoy: Subject = { kind: 'decoy', seed };

    async function arrived(subject: Subject, flowReference = world.flowReference): Promise<Walk> {
      const walk = new Walk(world.gate.verify, {
        subject,
        purpose: 'reset',
        memory: null,
        language: 'en',
        flowReference,
      });
      await walk.open();
      await world.settled();
      return walk;
    }

    test('says what it proves, and bears the name of its definition', () => {
      expect(['possession', 'knowledge']).toContain(definition.factor);
      expect(world.gate.id).toBe(definition.id);
    });

    test('what is right passes, and the enrolment stays as it is', async () => {
      const walk = await arrived(person());
      const verdict = await walk.answer(await world.right(await walk.page()));
      expect(verdict).toEqual({ kind: 'passed' });
    });

    test('what is wrong does not pass, as often as it is tried', async () => {
      const walk = await arrived(person());
      for (const nth of [0, 1, 2]) {
        const verdict = await walk.answer(await world.wrong(await walk.page(), nth));
        expect(verdict.kind).toBe(world.told);
      }
    });

    test('a decoy does not pass with what is right for somebody, nor with anything', async () => {
      const real = await arrived(person());
      const right = await world.right(await real.page());
      const walk = await arrived(decoy, 'flow-of-the-decoy');
      expect((await walk.answer(right)).kind).toBe(world.told);
      for (const nth of [0, 1])
        expect((await walk.answer(await world.wrong(await walk.page(), nth))).kind).toBe(world.told);
    });

    test('5.4: a decoy looks like a person: on arrival, and after each wrong answer', async () => {
      const real = await arrived(person());
      const fake = await arrived(decoy, 'flow-of-the-decoy');
      expect(shape(await fake.page())).toEqual(shape(await real.page()));
      for (const nth of [0, 1]) {
        const verdicts = [
          await real.answer(await world.wrong(await real.page(), nth)),
          await fake.answer(await world.wrong(await fake.page(), nth)),
        ];
        expect(shape(withoutMemory(verdicts[1]))).toEqual(shape(withoutMemory(verdicts[0])));
        expect(messages(verdicts[1])).toEqual(messages(verdicts[0]));
        expect(shape(await fake.page())).toEqual(shape(await real.page()));
      }
    });

    test('a decoy shows the same to the same login, in every flow', async () => {
      const once = await arrived(decoy, 'flow-1');
      const again = await arrived(decoy, 'flow-2');
      expect(await again.page()).toEqual(await once.page());
    });

    test('showing a page changes nothing', async () => {
      const walk = await arrived(person());
      expect(await walk.page()).toEqual(await walk.page());
      expect(await walk.answer(await world.right(await walk.page()))).toEqual({ kind: 'passed' });
    });

    test('memory and page are JSON and hold nothing that is nobody’s business', async () => {
      const walk = await arrived(person());
      const seen = [walk.memory, (await walk.page()).data];
      await walk.answer(await world.wrong(await walk.page(), 0));
      seen.push(walk.memory, (await walk.page()).data);
      const right = await world.right(await walk.page());
      seen.push(JSON.parse(JSON.stringify(await walk.answer(right))));
      for (const json of seen) {
        expect(JSON.parse(JSON.stringify(json))).toEqual(json);
        for (const secret of world.secrets()) expect(JSON.stringify(json).toLowerCase()).not.toContain(secret);
      }
      expect(world.secrets().length).toBeGreaterThan(0);
    });

    test('the form takes exactly its fields, each once and a string', async () => {
      const { form } = world.gate.verify;
      const walk = await arrived(person());
      const good = await world.right(await walk.page());
      expect(form.strict().safeParse(good).success).toBe(true);
      expect(form.strict().safeParse({ ...good, other: 'x' }).success).toBe(false);
      expect(form.strict().safeParse({}).success).toBe(false);
      for (const [field, value] of Object.entries(good)) {
        for (const bad of [[value], [value, value], { a: value }, 1, null, 'x'.repeat(10_000)]) {
          expect(form.strict().safeParse({ ...good, [field]: bad }).success).toBe(false);
        }
        const { [field]: _, ...rest } = good;
        expect(form.strict().safeParse(rest).success).toBe(false);
      }
    });

    test('an enrolment that is none is a fault, neither a pass nor a failure', async () => {
      for (const broken of [null, {}, { number: 'x' }, { set: 'x', answers: [] }, 'text', []]) {
        const subject: Subject = { kind: 'account', account: world.account, enrolment: broken };
        await expect(arrived(subject)).rejects.toThrow();
      }
      await expect(arrived({ kind: 'account', account: world.account })).rejects.toThrow();
    });

    test('nobody registers as a decoy', async () => {
      const context = {
        subject: decoy,
        purpose: 'reset',
        memory: null,
        language: 'en',
        flowReference: 'flow',
      } as const;
      await expect(world.gate.enrol.open(context)).rejects.toThrow();
    });

    if (definition.factor === 'possession') {
      test('F19: what breaks behind the gate never passes anybody', async () => {
        const walk = await arrived(person());
        const right = await world.right(await walk.page());
        world.breakIt?.();
        const later = await arrived(person(), 'flow-after-the-break');
        for (const input of [right, await world.wrong(await later.page(), 0)]) {
          const kind = await later.answer(input).then(
            (verdict) => verdict.kind,
            () => 'fault',
          );
          expect(['fault', 'more', 'wrong']).toContain(kind);
        }
      });

      test('5.8: what proves possession passes once: not again, not twice at a time, not in another flow', async () => {
        const first = await arrived(person());
        const right = await world.right(await first.page());
        const before = first.context();
        const other = new Walk(world.gate.verify, { ...before, flowReference: 'another-flow' });
        expect((await other.answer(right)).kind).not.toBe('passed');
        const tries = Array.from({ length: 50 }, () => world.gate.verify.answer(right, before));
        const kinds = (await Promise.all(tries)).map((verdict) => verdict.kind);
        expect(kinds.filter((kind) => kind === 'passed')).toHaveLength(1);
        expect((await world.gate.verify.answer(right, before)).kind).not.toBe('passed');
      });
    }
  });
}

/** What the flow runner does with a step: keeps its memory, as JSON. */
export class Walk {
  readonly #step: Step;
  #context: GateContext;

  constructor(step: Step, context: GateContext) {
    this.#step = step;
    this.#context = context;
  }

  get memory(): Json {
    return this.#context.memory;
  }

  context(): GateContext {
    return this.#context;
  }

  async open(): Promise<void> {
    this.#remember(await this.#step.open(this.#context));
  }

  page(): Promise<Page> {
    return this.#step.show(this.#context);
  }

  async answer(input: Input): Promise<Verdict> {
    const verdict = await this.#step.answer(this.#step.form.strict().parse(input) as Input, this.#context);
    if (verdict.kind === 'more' || verdict.kind === 'wrong') this.#remember(verdict.memory);
    return verdict;
  }

  async watch(): Promise<'waiting' | 'changed' | undefined> {
    return this.#step.watch?.(this.#context);
  }

  #remember(memory: Json): void {
    this.#context = { ...this.#context, memory: JSON.parse(JSON.stringify(memory)) as Json };
  }
}

/** Names and kinds of everything, without the values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shape(inner)]));
}

function withoutMemory(verdict: Verdict | undefined): unknown {
  return { ...verdict, memory: undefined };
}

/** The texts that a verdict leads to, without what stands in them. */
function messages(verdict: Verdict | undefined): readonly string[] {
  if (verdict?.kind === 'wrong') return [verdict.problem.message.key];
  if (verdict?.kind !== 'more') return [];
  return [...(verdict.notice ? [verdict.notice] : []), ...(verdict.problems ?? []).map((one) => one.message)].map(
    (m) => m.key,
  );
}
