import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerTo, RawConnection } from './octets.ts';
import { PortalWorld } from './world.ts';

let world: PortalWorld;
let host: string;

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms'], server: { headersMs: 1_000, requestMs: 2_000, checkMs: 50 } });
  host = new URL(world.origin).host;
});
afterAll(() => world.close());

const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
/** What a second reader of the same octets would take for a request of its own. */
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const many = (count: number): string => Array.from({ length: count }, (_, n) => `X-${n}: y\r\n`).join('');

/** Requests as they are, `HOST` being the header of the right host, and how they are refused. */
const refused: Readonly<Record<string, readonly [octets: string, status: number]>> = {
  '4.2.1: a length and chunks both': [
    `POST /reset HTTP/1.1\r\nHOST${form}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    400,
  ],
  '4.2.1: chunks and a length both': [
    `POST /reset HTTP/1.1\r\nHOST${form}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
    400,
  ],
  '4.2.1: two lengths': [
    `POST /reset HTTP/1.1\r\nHOST${form}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    400,
  ],
  '4.2.1: a length that is none': [`POST /reset HTTP/1.1\r\nHOST${form}Content-Length: +5\r\n\r\n${smuggled}`, 400],
  '4.2.1: an encoding that is none': [
    `POST /reset HTTP/1.1\r\nHOST${form}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    400,
  ],
  '4.2.1: chunks that are not the last encoding': [
    `POST /reset HTTP/1.1\r\nHOST${form}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    400,
  ],
  '4.2.1: a space before the colon': [
    `POST /reset HTTP/1.1\r\nHOST${form}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    400,
  ],
  '4.2.1: a bare LF at the end of a header': [`GET /help HTTP/1.1\r\nHOSTX-A: a\nX-B: b\r\n\r\n`, 400],
  '4.2.1: bare LFs only': [`GET /help HTTP/1.1\nHOSTX-A: a\n\n`, 400],
  '4.2.1: a bare CR in a header': [`GET /help HTTP/1.1\r\nHOSTX-A: a\rX-B: b\r\n\r\n`, 400],
  '4.2.1: a header folded over two lines': [`GET /help HTTP/1.1\r\nHOSTX-A: a\r\n  b\r\n\r\n`, 400],
  '4.2.1: a fold before the first header': [`GET /help HTTP/1.1\r\n X-A: a\r\nHOST\r\n`, 400],
  'a NUL in a header': [`GET /help HTTP/1.1\r\nHOSTX-A: a\0b\r\n\r\n`, 400],
  'a path that begins with a backslash': ['GET \\\\help HTTP/1.1\r\nHOST\r\n', 400],
  'a path that is none': ['GET help HTTP/1.1\r\nHOST\r\n', 400],
  'a NUL in the path': [`GET /help\0 HTTP/1.1\r\nHOST\r\n`, 400],
  'a NUL in the name of a header': [`GET /help HTTP/1.1\r\nHOSTX\0A: a\r\n\r\n`, 400],
  'more headers than anybody needs': [`GET /help HTTP/1.1\r\nHOST${many(150)}Connection: close\r\n\r\n`, 431],
  'headers larger than anybody needs': [`GET /help HTTP/1.1\r\nHOSTX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  'a path larger than anybody needs': [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHOST\r\n`, 431],
  '5.9: no host': ['GET /help HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  '5.9: no host, as HTTP/1.0 allows': ['GET /help HTTP/1.0\r\n\r\n', 421],
  '5.9: an empty host': ['GET /help HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 421],
  '5.9: another host in the request line': [
    'GET http://evil.example/help HTTP/1.1\r\nHOSTConnection: close\r\n\r\n',
    421,
  ],
  '5.9: the right host in the request line': ['GET http://RIGHT/help HTTP/1.1\r\nHOSTConnection: close\r\n\r\n', 421],
  '5.9: the right host in the request line, another in the header': [
    'GET http://RIGHT/help HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    421,
  ],
  '5.9: another host after the right one': [
    'GET /help HTTP/1.1\r\nHOSTHost: evil.example\r\nConnection: close\r\n\r\n',
    421,
  ],
  '5.9: another host before the right one': [
    'GET /help HTTP/1.1\r\nHost: evil.example\r\nHOSTConnection: close\r\n\r\n',
    421,
  ],
  '5.9: the right host twice': ['GET /help HTTP/1.1\r\nHOSTHOSTConnection: close\r\n\r\n', 421],
  '5.9: the right host with another’s before an @': [
    'GET /help HTTP/1.1\r\nHost: evil.example@RIGHT\r\nConnection: close\r\n\r\n',
    421,
  ],
  '4.1.4: a method that there is not': ['FOO /help HTTP/1.1\r\nHOST\r\n', 400],
  '4.1.4: a method in small letters': ['get /help HTTP/1.1\r\nHOST\r\n', 400],
  '4.1.4: TRACE': ['TRACE /help HTTP/1.1\r\nHOSTX-Secret: echo\r\nConnection: close\r\n\r\n', 405],
  'OPTIONS of everything': ['OPTIONS * HTTP/1.1\r\nHOSTConnection: close\r\n\r\n', 405],
  'an expectation that nobody can meet': [
    'GET /help HTTP/1.1\r\nHOSTExpect: miracles\r\nConnection: close\r\n\r\n',
    417,
  ],
  'HTTP/2 without having agreed on it': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  'HTTP of another version': ['GET /help HTTP/3.7\r\nHOST\r\n', 400],
};

describe('a request with', () => {
  test.each(Object.entries(refused))('%s is refused once, and what follows it is not read', async (_what, asked) => {
    const [octets, status] = asked;
    const said = octets.replaceAll('HOST', `Host: ${host}\r\n`).replaceAll('RIGHT', host);
    const { statuses, said: answer } = await answerTo(world.origin, said);
    expect(statuses).toEqual([status]);
    for (const echo of ['evil.example', 'smuggled', 'echo']) expect(answer).not.toContain(echo);
    expect(world.log.some((line) => line.includes('smuggled'))).toBe(false);
  });

  test('a CONNECT is hung up on', async () => {
    const { said } = await answerTo(world.origin, `CONNECT evil.example:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(said).toBe('');
  });

  test('the wish for a WebSocket is answered as if it were none', async () => {
    const wish = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    const connection = await RawConnection.to(world.origin);
    connection.say(`GET /help HTTP/1.1\r\nHost: ${host}\r\n${wish}Sec-WebSocket-Version: 13\r\n\r\n`);
    await connection.ended();
    expect(connection.statuses).toEqual([200]);
  });

  test('nothing wrong is answered, so that nothing above is refused for another reason', async () => {
    const right = `GET /help HTTP/1.1\r\nHost: ${host}\r\n${many(60)}X-A: ${'a'.repeat(2_000)}\r\nConnection: close\r\n\r\n`;
    expect((await answerTo(world.origin, right)).statuses).toEqual([200]);
    const visitor = await world.visitor().open('/reset');
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const body = new URLSearchParams({ _csrf: visitor.token, login: 'nobody.at.all' }).toString();
    const post = `POST /reset HTTP/1.1\r\nHost: ${host}\r\n${form}Cookie: ${cookie}\r\nConnection: close\r\n`;
    const length = `Content-Length: ${body.length}\r\n`;
    const expecting = `${post}${length}Expect: 100-continue\r\n\r\n${body}`;
    expect((await answerTo(world.origin, expecting)).statuses).toEqual([100, 303]);
  });
});

describe('more than a body may be', () => {
  const large = `login=${'a'.repeat(1_100_000)}`;

  test.each([
    ['a page', '/reset', form],
    ['a report', '/callbacks/texts/abc', 'Content-Type: application/json\r\n'],
  ])('is refused with a 413 by %s before it is there, however it is sent', async (_what, path, type) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${type}Connection: close\r\n`;
    const early = await RawConnection.to(world.origin);
    early.say(`${head}Content-Length: ${large.length}\r\n\r\n`);
    await early.ended();
    expect(early.statuses).toEqual([413]);
    const chunks = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    const chunked = await answerTo(world.origin, `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`);
    expect(chunked.statuses).toEqual([413]);
  });

  test.each(['gzip', 'deflate', 'br', 'identity, gzip'])(
    'is not hidden by %s: no body is unpacked',
    async (encoding) => {
      for (const path of ['/reset', '/callbacks/texts/abc']) {
        const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${form}Content-Encoding: ${encoding}\r\n`;
        const { statuses } = await answerTo(
          world.origin,
          `${head}Connection: close\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08`,
        );
        expect(statuses).toEqual([415]);
      }
    },
  );
});
