import type { z } from 'zod';
import type { Identity } from './account.ts';
import type { Json } from './json.ts';
import type { Message, Problem } from './message.ts';
import type { Channel, ChannelChoice, ProviderTraits } from './provider.ts';

/**
 * What somebody is asked at a gate for: to get back into their account; to register what the gate keeps; to confirm that
 * what they registered may be changed; to use the console; to show the helpdesk who they are.
 */
export type Purpose = 'reset' | 'registration' | 'change' | 'console' | 'caller';

/**
 * A gate proves one thing about a person. It never sees HTTP, never decides what comes next, and never counts:
 * the flow runner does all three. What a gate throws is a fault, never a pass and never a failure of the person.
 */
export interface Gate {
  /** Also the URL segment of its page, its folder below views/gates and its key in the catalogue. */
  readonly id: string;
  readonly enrol: Step;
  readonly verify: Step;
  /**
   * For dry runs of a test drive: what it would keep about nobody, and what passes that. It is made up, and holds nothing
   * of anybody. A gate without it is stood in for.
   * @param language BCP 47 tag
   */
  rehearsal?(language: string): Promise<Rehearsal>;
}

export interface Rehearsal {
  /** What `verify` reads. A telephone number is core/drive/test-drive-phone.ts's. */
  readonly enrolment: Json;
  /** What to type, where the gate asks questions; shown beside the page. */
  readonly answers?: readonly { readonly question: string; readonly answer: string }[];
}

/** What a policy says of gates, over what the configuration says: by gate id, then by setting. */
export type GateSettings = { readonly [gate: string]: { readonly [setting: string]: Json } };

/** The gates that flows walk through. */
export interface Gates {
  /**
   * @param own what the flow's policy says of this gate; the rest is as configured
   * @returns undefined for a gate that cannot be used
   * @throws Misconfigured when the gate does not take these settings any more
   */
  get(gate: string, own?: GateSettings[string]): Gate | undefined;
}

/** One page of a gate: what it shows, which fields it takes, and what it makes of them. */
export interface Step {
  /** The only fields that the browser may post, each once and a string. Anything else is a 400. */
  readonly form: z.ZodObject;

  /**
   * Called once, when the person arrives at the gate; may start a challenge. The result is the gate's memory, kept
   * sealed in the flow. Runs after the claim, so it never runs twice for one arrival.
   */
  open(context: GateContext): Promise<Json>;

  /** What the page shows now. Has no effect on anything: it runs at every GET. */
  show(context: GateContext): Promise<Page>;

  /** Judges what was posted. `input` has passed `form`. */
  answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict>;

  /** For gates that move by themselves: whether `answer` would now say something new. Has no effect. */
  watch?(context: GateContext): Promise<'waiting' | 'changed'>;

  /**
   * For gates at whose other end somebody can say that it was not them: whether they have. Asked when a person has left
   * the gate for another, before anything is written. Has no effect.
   */
  isRefused?(context: GateContext): Promise<boolean>;
}

export interface GateContext {
  /** Who walks; a decoy has no account and must look exactly like one that has. */
  readonly subject: Subject;
  /** What `open` or the last verdict left; null before `open`. */
  readonly memory: Json;
  /** BCP 47 tag of the page. */
  readonly language: string;
  /** What the person is asked for, so that what is sent to them says why. */
  readonly purpose: Purpose;
  /** Host name of the page, as it is configured: a code is bound to it. Absent in flows of before there was one. */
  readonly host?: string;
  /** Identifies the flow in challenges and logs; not the session's secret. */
  readonly flowReference: string;
  /** By whom the flow's challenges go: handed on in every order, and looked at by no gate. */
  readonly channels?: ChannelChoice;
}

export type Subject =
  /** `enrolment` is what this gate kept about the account; undefined while registering for the first time. */
  | { readonly kind: 'account'; readonly account: Identity; readonly enrolment?: Json }
  /**
   * `seed` is an HMAC of the typed login in hex (64 digits): the same login always gets the same masks. `like` is what
   * this gate kept about an account that cannot pass, barred perhaps: the gate shows what it showed before, and judges
   * every answer wrong. Nothing is ever sent there.
   */
  | { readonly kind: 'decoy'; readonly seed: string; readonly like?: Json };

/** Whose account a registration is for: it follows a sign-in, so there always is one. */
export function accountOf({ subject }: Pick<GateContext, 'subject'>): Identity {
  if (subject.kind === 'account') return subject.account;
  throw new Error('a decoy cannot register');
}

/** What a step shows. `data` reaches the view as it is: no secret, no whole number may be in it. */
export interface Page {
  /** Name of the view below views/gates/<gate id>/, for example `verify`. */
  readonly view: string;
  readonly data: { readonly [name: string]: Json };
}

export type Verdict =
  /** Proved. From `enrol`, `enrolment` is what to keep about the account. */
  | { readonly kind: 'passed'; readonly enrolment?: Json }
  /** Not finished, and nothing to count: a field to mend, a call that still rings, a new code on its way. */
  | {
      readonly kind: 'more';
      readonly memory: Json;
      readonly notice?: Message;
      readonly problems?: readonly Problem[];
    }
  /** A wrong answer. The runner has counted it already. */
  | { readonly kind: 'wrong'; readonly memory: Json; readonly problem: Problem }
  /** Ends the flow: the person at the other end said that it was not them, or tries are used up. */
  | { readonly kind: 'refused'; readonly reason: string };

/** How a gate is found in the configuration and made. One folder and one line in the built-in list. */
export interface GateDefinition<Settings extends z.ZodType, Needs> {
  readonly id: string;
  /** What it proves: something that the person has, or knows. A chain of two of a kind is not two factors. */
  readonly factor: 'possession' | 'knowledge';
  /**
   * What it asks for is given out by the helpdesk: nobody registers it, it lives for minutes, and it passes one flow.
   */
  readonly issued?: true;
  /** Where it is given out: without a provider for one of these channels nobody could ever pass it. */
  readonly issuedBy?: readonly Channel[];
  /** The channel that it cannot do without. */
  readonly channel?: Channel;
  /** What the configuration may say about it; every default stands here. */
  readonly settings: Settings;
  /** Settings of the sign-in to the console, which comes under no policy: none may have its own. */
  readonly consoleSettings?: readonly string[];
  /** What every provider of the channel must be able to do, with these settings; of those of `issuedBy`, one at least. */
  demands?(settings: z.output<Settings>): ProviderTraits;
  /**
   * Whether what somebody registered under `before` may be too little to pass under `settings`: such people would find a
   * gate that they cannot pass, and nobody could tell from what is registered. Absent: it never is.
   */
  asksMore?(settings: z.output<Settings>, before: z.output<Settings>): boolean;
  /** Called once for the configuration, and again for settings that a policy has of its own. */
  create(settings: z.output<Settings>, needs: Needs): Gate;
}
