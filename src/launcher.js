#!/usr/bin/env node
// The latchkey command. Plain JavaScript, so that a Node without type stripping can run it: it hands over to the one
// that came with `npm ci` then.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
const command = fileURLToPath(new URL('./cli.ts', import.meta.url));

if (process.features.typescript) {
  await import('./cli.ts');
} else if (existsSync(own)) {
  const child = spawn(own, [command, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 130);
  });
} else {
  process.stderr.write(
    `latchkey needs Node 22.18 or later, and this is ${process.version}. Run npm ci, or update Node.\n`,
  );
  process.exitCode = 69;
}
