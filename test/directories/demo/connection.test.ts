import { once } from 'node:events';
import { type Socket, connect as tcpConnect } from 'node:net';
import { expect, test } from 'vitest';
import { maxConnections, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import { bindCode, connect } from './demo-client.ts';

const anna = ['CONTOSO\\anna.berg', 'Blue-Harbour-42'] as const;

test('connections are bounded, and room comes back when they end', async () => {
  const demo = await startDemoDirectory({ production: false });
  const sockets: Socket[] = [];
  for (let count = 0; count < maxConnections; count += 1) sockets.push(tcpConnect(demo.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  expect(await bindCode(demo, ...anna)).not.toBe('bound');
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => bindCode(demo, ...anna)).toBe('bound');
  await demo.close();
});

test('closing ends connections that clients keep open, and can be asked for twice', async () => {
  const demo = await startDemoDirectory({ production: false });
  const client = connect(demo);
  await client.bind(...anna);
  await demo.close();
  await demo.close();
  await expect.poll(() => client.isConnected).toBe(false);
});
