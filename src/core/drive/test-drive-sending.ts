import type { Channel } from '../provider.ts';
import { maskNumber } from '../sending/phone-number.ts';
import type { ProviderRoute } from '../sending/provider-route.ts';
import { destinationRefusal } from '../sending/sending-rules.ts';
import type { DriveStep } from './test-drive-recorder.ts';

/**
 * Which provider would be asked first, where a dry run sends to its own phone.
 * @param number what is really registered; only its mask is told
 */
export function chosenProvider(
  routes: readonly ProviderRoute[] | undefined,
  channel: Channel | undefined,
  number: string | undefined,
): Pick<DriveStep, 'message'> {
  if (channel === undefined) return { message: { key: 'console.drive.no-provider' } };
  if (number === undefined) return { message: { key: 'console.drive.no-number' } };
  const found = (routes ?? []).find(
    ({ breaker, rules }) => !breaker.isOpen() && destinationRefusal(channel, number, rules) === undefined,
  );
  const masked = { number: maskNumber(number) };
  if (found === undefined) return { message: { key: 'console.drive.refused-number', values: masked } };
  return { message: { key: 'console.drive.provider', values: { ...masked, provider: found.provider.id } } };
}
