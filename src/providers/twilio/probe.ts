import type { ProbeResult } from '../../core/provider.ts';
import { refusalIn } from './client.ts';

/** Asks Twilio about something that costs nothing. */
export async function probeTwilio(ask: () => Promise<unknown>, well: string): Promise<ProbeResult> {
  try {
    await ask();
    return { ok: true, detail: well };
  } catch (fault) {
    const refusal = refusalIn(fault);
    if (refusal === undefined) {
      const detail = fault instanceof Error ? fault.message : String(fault);
      return { ok: false, detail, remedy: 'Look whether this machine may reach Twilio over HTTPS.' };
    }
    const detail = `Twilio answered ${refusal.status} with code ${refusal.code}`;
    return { ok: false, detail, remedy: 'Check account-sid, auth-token and the SIDs in the configuration.' };
  }
}
