import { z } from 'zod';
import type { Gate, Page, Step, Verdict } from '../gate.ts';

/** The view of a gate that stands in; it is shown as portal/stand-in. */
export const standInView = 'stand-in';

const form = z.strictObject({ say: z.enum(['passed', 'wrong', 'refused']) });

/**
 * Takes the place of a gate that cannot be rehearsed, in a dry run: whoever drives says what the gate would have said. It
 * never asks the gate, which would look at what a person really keeps there.
 */
export function standInFor({ id }: Pick<Gate, 'id'>): Gate {
  return { id, enrol: step, verify: step };
}

const page: Page = { view: standInView, data: {} };
const verdicts: { readonly [say in 'passed' | 'wrong' | 'refused']: Verdict } = {
  passed: { kind: 'passed' },
  wrong: { kind: 'wrong', memory: {}, problem: { message: { key: 'console.drive.stand-in.was-wrong' } } },
  refused: { kind: 'refused', reason: 'not-you' },
};

const step: Step = {
  form,
  open: async () => ({}),
  show: async () => page,
  answer: async (input) => verdicts[form.parse(input).say],
};
