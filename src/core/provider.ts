import type { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Json } from './json.ts';
import type { Sealer } from './sealer.ts';

/** How a person is reached. */
export type Channel = 'voice' | 'sms' | 'email';

/** Which providers are to be asked over which channel, by name, in order; a channel that is not there: the usual ones. */
export type ChannelChoice = Readonly<Partial<Record<Channel, readonly string[]>>>;

/**
 * Reaches a person over a channel and finds out whether it was them. Two families fit behind it: services that make or
 * verify the code themselves implement it directly; gateways that only deliver are a Courier and are wrapped by
 * `courierProvider`, where Latchkey makes the code.
 * Throws Unavailable when the back end cannot be reached or does not answer in time.
 */
export interface MfaProvider {
  readonly id: string;
  readonly channels: readonly Channel[];
  /** True when a call can ask for the digits of `ChallengeRequest.match`. */
  readonly matchesNumbers?: boolean;
  /** Digits of every code that the service makes; left out when it makes as many as it is asked for. */
  readonly codeLength?: number;

  /**
   * Places one call or sends one code. May take as long as the call lasts: it runs in the background.
   * Throws NotSent when it is certain that nothing left: then another provider may try; OutOfService when this one will
   * serve nobody until somebody acts or time passes. Any other fault is ambiguous.
   * @param keep stores a state before anything leaves. A provider that knows its state beforehand calls it first, so
   * that a crash or a lost answer does not make a delivered code useless.
   * @returns what `check` needs later on any node, as plain JSON without a readable code
   */
  start(request: ChallengeRequest, keep: KeepState): Promise<StartResult>;

  /**
   * Once a call has ended, every later check says the same. A wrong code is `wrong` however often it is tried: `expired`
   * is said by the clock alone, or else a decoy would answer differently.
   * @param state what `start` returned or kept
   * @param answer what the person typed; undefined for a call, which is proved at the phone
   */
  check(state: Json, answer: string | undefined): Promise<CheckResult>;

  /**
   * For providers whose `check` of a code asks the far end: asks it about a challenge that does not exist, over the same
   * way and for the same price of time. A decoy is checked so, that an outage looks alike for everybody.
   * Throws Unavailable where `check` would.
   */
  rehearse?(): Promise<void>;

  /**
   * What the far end posted to a challenge's callback address. Trusts nothing before the signature was checked.
   * @param state what `start` returned or kept for this challenge, or undefined when there is none
   */
  receive?(callback: Callback, state: Json | undefined): Promise<Received>;

  /** Looks at the far end without reaching anybody: address, TLS, credentials. For `latchkey check`; never throws. */
  probe?(): Promise<ProbeResult>;

  /** Lets go of connections. */
  close?(): Promise<void>;
}

/** A request of the far end about one challenge. */
export interface Callback {
  /** The challenge's own id, as `ChallengeRequest.reference` gave it. */
  readonly reference: string;
  /** The address as the far end knows it: the public URL with the path and query that came. Signatures cover it. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came, read as UTF-8; at most 64 KiB. */
  readonly body: string;
}

/** How a call ended, as the far end tells it. */
export type CallOutcome = 'passed' | 'wrong' | 'refused' | 'unanswered';

export type Received =
  /** The signature does not fit, or there is none. */
  | { readonly kind: 'forged'; readonly detail: string }
  | { readonly kind: 'malformed'; readonly detail: string }
  /** `outcome` when the call is over by this. `reply` is what the far end waits for; nothing when left out. */
  | { readonly kind: 'taken'; readonly outcome?: CallOutcome; readonly reply?: CallbackReply };

export interface CallbackReply {
  readonly contentType: string;
  readonly body: string;
}

/** One sentence for an operator, without a secret. `remedy` says what to do when it is not well. */
export type ProbeResult =
  | { readonly ok: true; readonly detail: string }
  | { readonly ok: false; readonly detail: string; readonly remedy: string };

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
  /** A mail's subject. Only for mail. */
  readonly subject?: string;
  /** For calls of providers that match numbers: two digits on the person's screen, to be keyed in before the hash key. */
  readonly match?: string;
  /** Host name of the page that the code is typed at: the code of a text is bound to it. That of the portals, if absent. */
  readonly host?: string;
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
  /** Throws NotSent or OutOfService when it is certain that nothing left; any other fault is ambiguous. */
  deliver(message: CourierMessage): Promise<DeliveryResult>;
  /** @see MfaProvider.probe */
  probe?(): Promise<ProbeResult>;
  /** @see MfaProvider.close */
  close?(): Promise<void>;
}

export interface CourierMessage {
  readonly channel: Channel;
  readonly to: string;
  readonly text: string;
  readonly reference: string;
  readonly language: string;
  /** A mail's subject, without line breaks. Only for mail. */
  readonly subject?: string;
}

export type DeliveryResult = { readonly kind: 'delivered' } | { readonly kind: 'rejected'; readonly reason: string };

/** How a provider is found in the configuration and made. One folder and one line in the built-in list. */
export interface ProviderDefinition<Settings extends z.ZodObject = z.ZodObject, Needs = ProviderNeeds> {
  /** What `kind` says in the configuration. */
  readonly kind: string;
  readonly channels: readonly Channel[];
  /** True for what shows codes to anybody: refused in production. */
  readonly demo: boolean;
  /** Without the settings that every provider has (`sendingSettings`). */
  readonly settings: Settings;
  /** Seconds that one start or delivery may take when the configuration does not say; for calls that block, the call. */
  readonly timeoutSeconds?: number;
  /** Whether it matches numbers and how long its codes are, as far as the settings tell without making anything. */
  traits?(settings: z.output<Settings>): ProviderTraits;
  /** Throws Misconfigured, with what to do, when the settings cannot be used: a key file that does not open, say. */
  create(settings: z.output<Settings>, needs: Needs): MfaProvider | Courier | Promise<MfaProvider | Courier>;
}

export type ProviderTraits = Pick<MfaProvider, 'matchesNumbers' | 'codeLength'>;

/** What every provider is given. */
export interface ProviderNeeds {
  /** The name that the configuration gives this provider: its id in challenges, log and audit. */
  readonly name: string;
  readonly clock: Clock;
  /** Milliseconds that one request may take, as the configuration says. */
  readonly timeoutMs: number;
  /** Keyed hashes, for codes that the far end makes and Latchkey compares. */
  readonly sealer: Pick<Sealer, 'mac' | 'macMatches'>;
  /** Where the far end reports about a challenge: below the public URL, never from a request. */
  readonly callbackUrl: (reference: string) => string;
  /** Folder of the configuration file: what settings name relatively lies below it. */
  readonly folder: string;
  /** Reads a file that a setting names, relative to the configuration file. Throws Misconfigured when it cannot. */
  readonly readFile: (name: string) => Buffer;
  /** For what an operator should see of the far end's own codes. Never a number, code or key. */
  readonly log: ProviderLog;
}

export interface ProviderLog {
  info(about: Readonly<Record<string, unknown>>, text: string): void;
  warn(about: Readonly<Record<string, unknown>>, text: string): void;
}
