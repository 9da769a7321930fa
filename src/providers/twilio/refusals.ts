import { NotSent, OutOfService, Unavailable } from '../../core/errors.ts';

/** A refusal by Twilio: its HTTP status and its own code (https://www.twilio.com/docs/api/errors), 0 when it has none. */
export interface TwilioRefusal {
  readonly status: number;
  readonly code: number;
}

/** Not a number, or one that this account may not or cannot reach. Nothing was sent. */
const rejections = new Set([
  21211, 21214, 21215, 21216, 21217, 21219, 21265, 21266, 21408, 21421, 21601, 21608, 21610, 21612, 21614, 30006, 32205,
  60200, 60203, 60205, 60212, 60220, 60238, 60410, 60605,
]);

/** No credit, a suspended account, or too much at once: nobody is served, whatever the status says. */
const standstills = new Set([10001, 10004, 14107, 20003, 20005, 20429, 21611, 90010]);
const standstillStatus = new Set([401, 402, 403, 429]);

/** What Twilio's package threw, if it was an answer of Twilio's; undefined for anything else. */
export function refusalIn(fault: unknown): TwilioRefusal | undefined {
  const status: unknown = Reflect.get(Object(fault), 'status');
  if (fault instanceof Unavailable || typeof status !== 'number') return undefined;
  const code: unknown = Reflect.get(Object(fault), 'code');
  return { status, code: typeof code === 'number' ? code : 0 };
}

/**
 * What becomes of a start that Twilio refused: the reason why this number is not reached, or a fault thrown as
 * `faultOf` has it.
 */
export function refused(fault: unknown): string {
  const refusal = refusalIn(fault);
  if (refusal === undefined || refusal.status >= 500 || !rejections.has(refusal.code)) throw faultOf(fault);
  return describe(refusal);
}

/** The fault in words for the log. The text and the cause of Twilio's own are left out: they hold the number. */
export function faultOf(fault: unknown): Unavailable {
  if (fault instanceof Unavailable) return fault;
  const refusal = refusalIn(fault);
  if (refusal === undefined) return new Unavailable('Twilio answered with something strange');
  const { status, code } = refusal;
  if (standstills.has(code) || standstillStatus.has(status)) return new OutOfService(describe(refusal));
  // With a code of Twilio's own the request was refused as a whole; without one, who knows who answered.
  const whole = status >= 400 && status < 500 && code !== 0;
  return whole ? new NotSent(describe(refusal)) : new Unavailable(describe(refusal));
}

export function describe({ status, code }: TwilioRefusal): string {
  return `Twilio answered ${status} with code ${code}`;
}
