import { describe, expect, test } from 'vitest';
import { everyone, load, problemsOf, type Settings } from './policy-configuration.ts';

describe('listeners', () => {
  const inside = { 'public-url': 'https://inside.example.com', port: 3001, zone: 'intranet' };

  test('are several, each with its zone', () => {
    const { listen, 'more-listeners': more } = load([everyone], { 'more-listeners': [inside] });
    expect([listen.zone, more[0]?.zone]).toEqual(['extranet', 'intranet']);
  });

  test.each<[what: string, more: Settings, problems: readonly string[]]>([
    [
      'the public address of another',
      { ...inside, 'public-url': 'https://password.example.com' },
      ['more-listeners.0.public-url: is that of listen too'],
    ],
    ['the port of another', { ...inside, port: 3000 }, ['more-listeners.0.port: is that of listen too']],
    [
      'no zone',
      { ...inside, zone: undefined },
      ['more-listeners.0.zone: found nothing; must be one of intranet, extranet'],
    ],
    [
      'two zones',
      { ...inside, zone: 'any' },
      ['more-listeners.0.zone: found "any"; must be one of intranet, extranet'],
    ],
    [
      'a public address without TLS',
      { ...inside, 'public-url': 'http://inside.example.com' },
      [
        'more-listeners.0.public-url: found "http://inside.example.com"; must begin with https:// (http:// only for localhost)',
      ],
    ],
  ])('with %s are told so', (_what, more, problems) => {
    expect(problemsOf([everyone], { 'more-listeners': [more] })).toEqual(problems);
  });

  test('for a zone without a policy are told so', () => {
    expect(problemsOf([{ ...everyone, zone: 'extranet' }], { 'more-listeners': [inside] })).toEqual([
      'policies: none is for the zone intranet, and there is a listener for it',
    ]);
  });
});
