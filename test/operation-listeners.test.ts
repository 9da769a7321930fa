import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { ConfigurationFolder, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { Visitor } from './portals/visitor.ts';
import { smallestDemo } from './smallest-demo.ts';

const timeout = 90_000;
const toEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

/** The demo at two addresses, with a chain for each zone. */
async function twoListeners(): Promise<{ folder: ConfigurationFolder; main: string; inside: string }> {
  const [port, insidePort] = [await freePort(), await freePort()];
  const [main, inside] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${insidePort}`];
  const folder = new ConfigurationFolder({
    ...smallestDemo,
    'public-url': main,
    listen: { port },
    'more-listeners': [{ 'public-url': inside, port: insidePort, zone: 'intranet' }],
    providers: { texts: { kind: 'virtual-sms' }, calls: { kind: 'virtual-voice' } },
    channels: { sms: ['texts'], voice: ['calls'] },
    policies: [
      { name: 'inside', members: 'everyone', zone: 'intranet', chain: ['otp-sms'] },
      { name: 'outside', members: 'everyone', zone: 'extranet', chain: ['phone', 'otp-sms'] },
    ],
  });
  toEnd.push(() => folder.remove());
  return { folder, main, inside };
}

it(
  'a running server answers at each of its listeners, and lets each finish at SIGTERM',
  async () => {
    const { folder, main, inside } = await twoListeners();
    const server = await LatchkeyProcess.server({ configuration: folder.file });
    toEnd.push(() => server.end());
    for (const [origin, page] of [
      [main, '/reset/phone'],
      [inside, '/reset/otp-sms'],
    ] as const) {
      await server.until(new RegExp(`Latchkey is at ${origin} `));
      const visitor = await new Visitor(origin).open('/reset');
      expect((await visitor.submit({ login: 'nobody.at.all' })).path).toBe(page);
    }
    const length = 'login=a&password=b'.length;
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': length,
      Expect: '100-continue',
    };
    const request = httpRequest(`${inside}/registration`, { method: 'POST', headers });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    request.flushHeaders();
    await once(request, 'continue');
    server.signal('SIGTERM');
    await server.until(/"draining"/);
    request.end('login=a&password=b');
    const [response] = await answered;
    expect(response.resume().statusCode).toBe(403);
    expect(await server.ended).toMatchObject({ code: 0, signal: null });
  },
  timeout,
);

it(
  'a server one of whose listeners cannot listen does not start with the others',
  async () => {
    const { folder, inside } = await twoListeners();
    const other = createServer().listen(Number(new URL(inside).port), '127.0.0.1');
    await once(other, 'listening');
    toEnd.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    const server = LatchkeyProcess.command(['start'], { configuration: folder.file });
    toEnd.push(() => server.end());
    const { code, stderr } = await server.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(String(port));
  },
  timeout,
);
