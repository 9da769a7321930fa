import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/**
 * Why the browser tests cannot run here, as a sentence; undefined when they can. The first that asks in a test file
 * says it loudly; with CI=true it is an error instead.
 */
export function whyNoChromium(): string | undefined {
  if (existsSync(executablePath)) return undefined;
  const reason = 'Chromium is not installed: apt-get install -y chromium';
  if (process.env.CI === 'true') throw new Error(reason);
  complain(reason);
  return reason;
}

/** A Chromium without a window, a fresh profile and no traffic of its own. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

let complained = false;

function complain(reason: string): void {
  if (complained) return;
  complained = true;
  const line = '='.repeat(78);
  process.stderr.write(
    `\n${line}\nNOT TESTED in a real browser: ${reason}\nThe files below test/e2e did not run.\n${line}\n`,
  );
}
