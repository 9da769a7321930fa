import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { controlsOf } from '../../../src/core/gates/gate-controls.ts';

/** The controls of a gate with such settings. */
const of = (shape: z.core.$ZodLooseShape, configured?: unknown) =>
  controlsOf({ id: 'badge', settings: z.strictObject(shape) }, configured);

describe('the controls of a gate', () => {
  test('are one for each word, yes or no, and whole number within bounds, with what is configured', () => {
    const shape = {
      colour: z.enum(['red', 'blue']).default('red'),
      shiny: z.boolean().default(false),
      length: z.int().min(4).max(9).optional(),
    };
    expect(of(shape, { colour: 'blue', shiny: true })).toEqual({
      gate: 'badge',
      controls: [
        { kind: 'choice', setting: 'colour', values: ['red', 'blue'], usual: 'blue' },
        { kind: 'choice', setting: 'shiny', values: ['true', 'false'], usual: 'true' },
        { kind: 'number', setting: 'length', min: 4, max: 9 },
      ],
      whole: [],
    });
  });

  test('are none for what a form cannot say: it is named, and left as it is', () => {
    const shape = {
      text: z.record(z.string(), z.string()),
      free: z.string(),
      list: z.array(z.int()),
      endless: z.int().min(0),
      below: z.int().min(-3).max(3),
      half: z.number().min(0).max(1),
      either: z.union([z.string(), z.int()]).transform(String),
      made: z.custom<string>(() => true),
    };
    expect(of(shape)).toEqual({ gate: 'badge', controls: [], whole: Object.keys(shape) });
  });

  test('are none for a secret, which would be shown with them', () => {
    expect(of({ pin: z.int().min(0).max(9999), 'api-token': z.string() }, { pin: 1234 })).toEqual({
      gate: 'badge',
      controls: [],
      whole: [],
    });
  });

  test('are none for what holds at the console alone, where no policy does', () => {
    const settings = z.strictObject({ length: z.int().min(1).max(9), 'console-text': z.string() });
    expect(controlsOf({ id: 'badge', settings, consoleSettings: ['console-text'] }, {})).toMatchObject({
      controls: [{ setting: 'length' }],
      whole: [],
    });
  });

  test('are there for settings that are held against one another, and none for a schema that cannot be read', () => {
    const settings = z.strictObject({ length: z.int().min(1).max(9) }).superRefine(() => undefined);
    expect(controlsOf({ id: 'badge', settings }, undefined).controls).toHaveLength(1);
    const foreign = { safeParse: () => ({ success: true }) } as unknown as z.ZodType;
    expect(controlsOf({ id: 'badge', settings: foreign }, {})).toEqual({ gate: 'badge', controls: [], whole: [] });
  });
});
