import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Configuration, Environment } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { Misconfigured } from '../core/errors.ts';
import type { KnownPasswords } from '../core/password-screen.ts';
import { Breaker } from '../core/sending/breaker.ts';
import { HttpClient } from '../outbound/http-client.ts';
import { BreachedFile } from '../passwords/breached-file.ts';
import { BreachedRange } from '../passwords/breached-range.ts';
import { CommonPasswords } from '../passwords/common-passwords.ts';
import { Screen } from '../passwords/screen.ts';
import { ZxcvbnMeter } from '../passwords/strength-meter.ts';

export interface PasswordScreenNeeds {
  readonly configuration: Configuration;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A person waits for the answer, and the local lists have been asked already. */
const rangeTimeoutMs = 2000;

/**
 * What Latchkey itself asks of new passwords, with the lists that the configuration names.
 * Throws Misconfigured when one of their files cannot be used.
 */
export async function openPasswordScreen(needs: PasswordScreenNeeds): Promise<Screen> {
  const { configuration, log } = needs;
  const { password, organisation } = configuration;
  const onFault = password.breached['on-fault'];
  return new Screen({
    minLength: password['min-length'],
    organisation: organisation.name,
    words: password.words,
    minScore: password['min-score'],
    common: new CommonPasswords(),
    meter: new ZxcvbnMeter(),
    breached: await openBreached(needs),
    onFault,
    report: (err) => log.error({ err, alarm: true, onFault }, 'leaked passwords could not be looked up'),
  });
}

async function openBreached(needs: PasswordScreenNeeds): Promise<readonly KnownPasswords[]> {
  const { configuration, environment, clock, log } = needs;
  const { file, 'range-url': url, 'range-ca-file': caFile } = configuration.password.breached;
  const folder = path.dirname(environment.configurationFile);
  const report = (state: 'open' | 'closed'): void =>
    log.info({ state }, 'the range service of leaked passwords is left alone, or asked again');
  const ca = caFile === undefined ? {} : { ca: readAuthority(path.resolve(folder, caFile)) };
  return [
    ...(file === undefined ? [] : [await BreachedFile.open(path.resolve(folder, file))]),
    ...(url === undefined
      ? []
      : [
          new BreachedRange({
            url,
            http: new HttpClient({ timeoutMs: rangeTimeoutMs, ...ca }),
            breaker: new Breaker({ failures: 3, seconds: 60, clock, report }),
          }),
        ]),
  ];
}

function readAuthority(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (fault) {
    throw new Misconfigured(`password.breached.range-ca-file: ${file} cannot be read`, fault);
  }
}
