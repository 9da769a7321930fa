import pino from 'pino';
import { openPasswordScreen } from '../compose/passwords.ts';
import { systemClock } from '../core/clock.ts';
import type { Finding } from '../core/directory.ts';
import type { Loaded } from '../load.ts';

const subject = 'passwords';

/** Whether the lists of leaked passwords can be used. Throws Misconfigured when one cannot. */
export async function checkPasswords(loaded: Loaded): Promise<readonly Finding[]> {
  const screen = await openPasswordScreen({ ...loaded, clock: systemClock, log: pino({ enabled: false }) });
  await screen.close();
  const { file, 'range-url': url } = loaded.configuration.password.breached;
  if (file !== undefined) return [{ level: 'ok', subject, detail: `leaked ones are looked up in ${file}` }];
  if (url !== undefined) return [{ level: 'ok', subject, detail: `leaked ones are asked for at ${new URL(url).host}` }];
  const detail = 'common ones are refused; leaked ones are not known';
  const remedy = 'Name a list in password.breached.file, or a service in password.breached.range-url.';
  return [{ level: 'warning', subject, detail, remedy }];
}
