import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type Three = readonly [number, number, number];

/** Colours as they look to people with each of the three kinds of dichromacy: Machado, Oliveira and Fernandes 2009, severity 1. */
const eyes: Readonly<Record<string, readonly [Three, Three, Three]>> = {
  'all three colours': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const css = readFileSync('public/reports.css', 'utf8');
const [light = '', dark = ''] = css.split('prefers-color-scheme: dark');
const pageOf =
  readFileSync('public/latchkey.css', 'utf8')
    .match(/--sheet: (#[0-9a-f]+)/g)
    ?.map((line) => line.slice(9)) ?? [];

function coloursIn(text: string): readonly string[] {
  return [...text.matchAll(/--plot-\d: (#[0-9a-f]{6});/g)].map(([, hex = '']) => hex);
}

function linear(hex: string): Three {
  const long = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex;
  const parts = [1, 3, 5].map((at) => {
    const part = Number.parseInt(long.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return parts as unknown as Three;
}

const times = (row: Three, [r, g, b]: Three): number => row[0] * r + row[1] * g + row[2] * b;
const luminance = (hex: string): number => times([0.2126, 0.7152, 0.0722], linear(hex));

/** CIE 1976 L*a*b*, in which about 2 is the smallest difference that anybody sees. */
function lab(hex: string, eye: readonly [Three, Three, Three]): Three {
  const seen = eye.map((row) => Math.min(1, Math.max(0, times(row, linear(hex))))) as unknown as Three;
  const curve = (value: number): number => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = curve(times([0.4124, 0.3576, 0.1805], seen) / 0.95047);
  const y = curve(times([0.2126, 0.7152, 0.0722], seen));
  const z = curve(times([0.0193, 0.1192, 0.9505], seen) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe.each([
  ['light', coloursIn(light), pageOf[0] ?? ''],
  ['dark', coloursIn(dark), pageOf[1] ?? ''],
])('the colours of plots on a %s page', (_name, colours, page) => {
  const pairs = colours.flatMap((one, at) => colours.slice(at + 1).map((other) => [one, other] as const));

  test.each(Object.entries(eyes))('are told apart, each two of them, by eyes with %s', (_eye, matrix) => {
    expect(pairs).toHaveLength(15);
    for (const [one, other] of pairs) {
      expect([
        one,
        other,
        Math.hypot(...lab(one, matrix).map((value, at) => value - (lab(other, matrix)[at] ?? 0))) > 20,
      ]).toEqual([one, other, true]);
    }
  });

  test('stand out from the page (WCAG 1.4.11)', () => {
    for (const colour of colours) {
      const [bright = 0, dull = 0] = [luminance(colour), luminance(page)].sort((a, b) => b - a);
      expect([colour, (bright + 0.05) / (dull + 0.05) >= 3]).toEqual([colour, true]);
    }
  });
});
