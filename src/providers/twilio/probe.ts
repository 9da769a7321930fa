import { Unavailable } from '../../core/errors.ts';
import type { ProbeResult } from '../../core/provider.ts';
import type { TwilioClient } from './client.ts';
import { describe, refusalIn } from './refusals.ts';
import type { TwilioAccount } from './settings.ts';

const remedies = {
  refused: 'Check account-sid, auth-token or the API key, and the SIDs in the configuration.',
  unreached: 'Look whether this machine may reach Twilio over HTTPS.',
  inactive: "Look at Twilio's console: an account without credit is suspended.",
};

/** Asks Twilio about something that costs nothing, and tells what its package throws as a result. */
export async function probeTwilio(ask: () => Promise<ProbeResult>): Promise<ProbeResult> {
  try {
    return await ask();
  } catch (fault) {
    const refusal = refusalIn(fault);
    if (refusal !== undefined) return { ok: false, detail: describe(refusal), remedy: remedies.refused };
    const detail = fault instanceof Unavailable ? fault.message : 'Twilio answered with something strange';
    return { ok: false, detail, remedy: remedies.unreached };
  }
}

/** Whether the account is in service, and the credentials are its own. */
export function probeAccount(
  client: TwilioClient,
  settings: TwilioAccount & { readonly from?: string | undefined },
): Promise<ProbeResult> {
  const { 'account-sid': account, 'api-key-sid': key, from } = settings;
  const { v2010 } = client.api.api;
  return probeTwilio(async () => {
    if (key !== undefined) {
      // Twilio shows its account to no key but a main one; every other may look for a number of its own.
      await v2010.accounts(account).incomingPhoneNumbers.list({ phoneNumber: from ?? '', limit: 1 });
      return { ok: true, detail: 'Twilio answers, and takes the API key' };
    }
    const { sid, status } = await v2010.accounts(account).fetch();
    if (sid !== account) throw new Unavailable('Twilio answered with something strange');
    if (status === 'active') return { ok: true, detail: 'the Twilio account answers, and is active' };
    return { ok: false, detail: `the Twilio account is ${JSON.stringify(status)}`, remedy: remedies.inactive };
  });
}
