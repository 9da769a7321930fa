import type { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Json } from './json.ts';

/** How a person is reached. */
export type Channel = 'voice' | 'sms' | 'email';

/**
 * Reaches a person over a channel and finds out whether it was them. Two families fit behind it: services that make or
 * verify the code themselves implement it directly; gateways that only deliver are a Courier and are wrapped by
 * `courierProvider`, where Latchkey makes the code.
 * Throws Unavailable when the back end cannot be reached or does not answer in time.
 */
export interface MfaProvider {
  readonly id: string;
  readonly channels: readonly Channel[];

  /**
   * Places one call or sends one code. May take as long as the call lasts: it runs in the background.
   * Throws NotSent when it is certain that nothing left: then another provider may try. Any other fault is ambiguous.
   * @param keep stores a state before anything leaves. A provider that knows its state beforehand calls it first, so
   * that a crash or a lost answer does not make a delivered code useless.
   * @returns what `check` needs later on any node, as plain JSON without a readable code
   */
  start(request: ChallengeRequest, keep: KeepState): Promise<StartResult>;

  /**
   * Once a call has ended, every later check says the same.
   * @param state what `start` returned or kept
   * @param answer what the person typed; undefined for a call, which is proved at the phone
   */
  check(state: Json, answer: string | undefined): Promise<CheckResult>;
}

export interface ChallengeRequest {
  readonly channel: Channel;
  /** E.164 number with its plus sign, or a mail address. Looked up by the server just now; never from the browser. */
  readonly to: string;
  /** The challenge's own id: an idempotency key where the back end takes one. At most 64 characters of [0-9A-Za-z_-]. */
  readonly reference: string;
  /** BCP 47 tag for spoken and written text. */
  readonly language: string;
  /** Length of the code in digits; 6 to 10. Not for calls. */
  readonly codeLength: number;
  /** Seconds that the challenge may live; at most 600 (ASVS 6.5.5). */
  readonly lifetimeSeconds: number;
  /** Text to deliver, with `{code}` where the code goes. Services with their own text ignore it. */
  readonly text: string;
}

export type KeepState = (state: Json) => Promise<void>;

export type StartResult =
  | { readonly kind: 'started'; readonly state: Json }
  /** The back end will not reach this destination: a bad or barred number. Not a fault, not the person's failure. */
  | { readonly kind: 'rejected'; readonly reason: string };

export type CheckResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'waiting' }
  /** The person said that it was not them. */
  | { readonly kind: 'refused' }
  /** Nobody answered, or they hung up: nothing is proved, nothing is held against anybody. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'expired' };

/** A gateway that only delivers a text. Resolves once it has been handed over; throws Unavailable otherwise. */
export interface Courier {
  readonly id: string;
  readonly channels: readonly Channel[];
  deliver(message: CourierMessage): Promise<DeliveryResult>;
}

export interface CourierMessage {
  readonly channel: Channel;
  readonly to: string;
  readonly text: string;
  readonly reference: string;
  readonly language: string;
}

export type DeliveryResult = { readonly kind: 'delivered' } | { readonly kind: 'rejected'; readonly reason: string };

/** How a provider is found in the configuration and made. One folder and one line in the built-in list. */
export interface ProviderDefinition<Settings extends z.ZodObject = z.ZodObject, Needs = ProviderNeeds> {
  /** What `kind` says in the configuration. */
  readonly kind: string;
  readonly channels: readonly Channel[];
  /** True for what shows codes to anybody: refused in production. */
  readonly demo: boolean;
  readonly settings: Settings;
  create(settings: z.output<Settings>, needs: Needs): MfaProvider | Courier;
}

/** What every provider is given. */
export interface ProviderNeeds {
  /** The name that the configuration gives this provider: its id in challenges, log and audit. */
  readonly name: string;
  readonly clock: Clock;
}
