import { ProtocolOperation } from 'ldapts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../src/core/errors.ts';
import { Controls, controlOid, pageAnswer } from '../../../src/directories/demo/controls.ts';
import { success } from '../../../src/directories/demo/ldap-result.ts';
import { decodeRequest } from '../../../src/directories/demo/message-decoding.ts';
import { encodeResult } from '../../../src/directories/demo/message-encoding.ts';
import { Controllers } from './controllers.ts';

/** One more page than fits. */
const crowd = 501;

describe('a page with nothing on it and more to come', () => {
  let world: Controllers;
  let url: string;
  let person: { readonly id: string };
  /** Empty pages that are sent before each page; and where each request began. */
  let empty = 0;
  let asked: number[] = [];

  beforeAll(async () => {
    world = await Controllers.open();
    for (let number = 0; number < crowd; number += 1) person = world.person();
    ({ url } = await world.front(undefined, { instead: nothingYet }));
  });
  afterAll(() => world.close());
  beforeEach(() => {
    asked = [];
  });

  function nothingYet(octets: Buffer): Buffer | undefined {
    const { messageId, controls } = decodeRequest(octets);
    const from = new Controls(controls).page?.from;
    if (from === undefined) return undefined;
    asked.push(from);
    if (asked.filter((other) => other === from).length > empty) return undefined;
    const control = { oid: controlOid.paged, value: pageAnswer(from) };
    return encodeResult(messageId, ProtocolOperation.LDAP_RES_SEARCH, success, { control });
  }

  async function walk(): Promise<readonly string[]> {
    const found: string[] = [];
    const { signal } = new AbortController();
    for await (const page of world.directory([url]).walkPeople({ groups: [], signal })) {
      expect(page).not.toHaveLength(0);
      found.push(...page.map(({ id }) => id));
    }
    return found;
  }

  test('is not the end of a walk', async () => {
    empty = 0;
    const all = await walk();
    expect(all.length).toBeGreaterThanOrEqual(crowd);
    for (empty of [1, 3]) {
      asked = [];
      expect(await walk()).toEqual(all);
      expect(asked).toContain(500);
    }
  });

  test('is not the end of a search', async () => {
    empty = 2;
    const account = await world.directory([url]).read(person.id);
    const text = account?.samName ?? 'nobody';
    const { people } = await world.directory([url]).searchPeople({ text, as: 'beginning', limit: 5 });
    expect(people.map(({ id }) => id)).toEqual([person.id]);
    expect(asked).toEqual([0, 0, 0]);
  });

  test('that never ends is given up', async () => {
    empty = Number.POSITIVE_INFINITY;
    await expect(walk()).rejects.toThrow(Unavailable);
    expect(asked.length).toBeLessThan(2_000);
  });
});
