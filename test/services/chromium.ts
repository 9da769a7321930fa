import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Whether Debian's Chromium is here; the browser tests cannot run without it. */
export function hasChromium(): boolean {
  return existsSync(executablePath);
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
