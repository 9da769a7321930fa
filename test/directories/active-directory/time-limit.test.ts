import { ProtocolOperation } from 'ldapts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import { ldapResult } from '../../../src/directories/demo/ldap-result.ts';
import { decodeRequest, type SearchOperation } from '../../../src/directories/demo/message-decoding.ts';
import { encodeResult } from '../../../src/directories/demo/message-encoding.ts';
import { Controllers } from './controllers.ts';

const [operationsError, timeLimitExceeded, adminLimitExceeded] = [1, 3, 11];

describe('how long a server may work on a search', () => {
  let world: Controllers;
  let url: string;
  let asked: SearchOperation[] = [];
  /** What is answered to a search for the beginning of a name. */
  let refusal: number | 'none at all' | undefined;

  beforeAll(async () => {
    world = await Controllers.open();
    ({ url } = await world.front(undefined, { instead: refuse }));
  });
  afterAll(() => world.close());
  beforeEach(() => {
    asked = [];
    refusal = undefined;
    world.alerts.length = 0;
  });

  function refuse(octets: Buffer): Buffer | undefined {
    const { messageId, operation } = decodeRequest(octets);
    if (operation.kind !== 'search') return undefined;
    asked.push(operation);
    if (refusal === undefined || !octets.includes('zebedee')) return undefined;
    if (refusal === 'none at all') return Buffer.alloc(0);
    return encodeResult(messageId, ProtocolOperation.LDAP_RES_SEARCH, ldapResult(refusal));
  }

  /** Of what was asked about people; while a connection is made the time-out for that holds. */
  const limits = (): readonly number[] =>
    asked.filter(({ attributes }) => attributes.includes('objectGUID')).map(({ timeLimit }) => timeLimit);
  const more = { 'operation-timeout-ms': 8_000, 'walk-timeout-ms': 90_000 };
  const search = (as: 'whole' | 'beginning') =>
    world.directory([url], more).searchPeople({ text: 'zebedee', as, limit: 5 });

  test('is as long as somebody waits for it', async () => {
    const { id } = world.person();
    expect(await world.directory([url], more).read(id)).toMatchObject({ id });
    expect(limits()[0]).toBe(8);
  });

  test('is longer for a page of a walk, whose first one may take a while', async () => {
    const { signal } = new AbortController();
    for await (const page of world.directory([url], more).walkPeople({ groups: [], signal }))
      expect(page).toBeDefined();
    expect(limits()).toContain(90);
  });

  test('is so short for a search of people that the server gives up before anybody thinks it is down', async () => {
    expect(await search('beginning')).toEqual({ people: [], complete: true });
    expect(limits()).toEqual([2]);
  });

  test.each([timeLimitExceeded, adminLimitExceeded])(
    'and result %i says that somebody may be missing',
    async (code) => {
      refusal = code;
      expect(await search('beginning')).toEqual({ people: [], complete: false });
      expect(await search('whole')).toEqual({ people: [], complete: false });
      expect(world.alerts).toEqual([]);
    },
  );

  test('an operations error says so only when the time was up', async () => {
    refusal = operationsError;
    await expect(search('beginning')).rejects.toThrow(Misconfigured);
  });

  test('however many search at once, people who are locked out are found meanwhile', async () => {
    refusal = 'none at all';
    const { id } = world.person();
    const directory = world.directory([url], { 'operation-timeout-ms': 3_000 });
    let settled = 0;
    const searches = Array.from({ length: 50 }, async () => {
      const found = await directory.searchPeople({ text: 'zebedee', as: 'beginning', limit: 5 }).catch(() => undefined);
      settled += found === undefined ? 1 : 0;
      return found;
    });
    const found = await Promise.all(Array.from({ length: 8 }, () => directory.read(id)));
    expect(found.map((account) => account?.id)).toEqual(Array.from({ length: 8 }, () => id));
    expect(settled).toBe(0);
    // Those for whom there is no room are told at once that somebody may be missing.
    const told = await Promise.all(searches.slice(5));
    expect(told).toEqual(told.map(() => ({ people: [], complete: false })));
    refusal = undefined;
    await Promise.all(searches);
    expect(await directory.searchPeople({ text: 'zebedee', as: 'beginning', limit: 5 })).toMatchObject({
      complete: true,
    });
  });

  test('a server that is busy is none that was asked for too much', async () => {
    refusal = 51;
    await expect(search('beginning')).rejects.toThrow(Unavailable);
    expect(world.alerts).not.toEqual([]);
  });
});
