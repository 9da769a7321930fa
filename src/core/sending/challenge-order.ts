import { createHash } from 'node:crypto';
import type { Channel, ChannelChoice } from '../provider.ts';
import type { Challenge } from './challenge.ts';
import type { ChallengeTarget } from './challenge-body.ts';

export interface ChallengeOrder {
  readonly channel: Channel;
  /** The choice of the flow's policy, as the gate was given it. */
  readonly channels?: ChannelChoice | undefined;
  readonly target: ChallengeTarget;
  readonly gate: string;
  readonly flowReference: string;
  /** Tells the challenges of one flow and gate apart. Beginning the same one twice sends once: parallel posts buy nothing. */
  readonly attempt: string;
  readonly language: string;
  /** Digits, 6 to 10. Not for calls. */
  readonly codeLength: number;
  /** At most 600. */
  readonly lifetimeSeconds: number;
  /** Text to send, with `{code}`; or to speak. */
  readonly text: string;
  /** Two digits to be keyed in at the phone. Only where `matchesNumbers`. */
  readonly match?: string;
  /** Of a mail. */
  readonly subject?: string;
  /** Host name of the page that a code is typed at. */
  readonly host?: string | undefined;
  /** Whether the person has signed in, and may be told when a limit keeps it back. */
  readonly candid?: boolean;
}

const maxLifetimeSeconds = 600;

/** The row of an order, as it waits for a sender. */
export function challengeOf(order: ChallengeOrder, createdAt: Date): Challenge {
  const { channel, gate, flowReference, attempt, target, language, codeLength, text, match, subject, host, candid } =
    order;
  const more = {
    ...(match === undefined ? {} : { match }),
    ...(subject === undefined ? {} : { subject }),
    ...(host === undefined ? {} : { host }),
  };
  const providers = order.channels?.[channel];
  const lifetime = Math.min(order.lifetimeSeconds, maxLifetimeSeconds);
  return {
    id: createHash('sha256')
      .update(JSON.stringify([flowReference, gate, attempt]))
      .digest('base64url'),
    state: target.kind === 'decoy' ? 'decoy' : 'queued',
    channel,
    flowReference,
    gate,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + lifetime * 1000),
    body: {
      target,
      order: { language, codeLength, text, ...more },
      ...(providers === undefined ? {} : { providers }),
      ...(candid === true ? { candid } : {}),
    },
  };
}
