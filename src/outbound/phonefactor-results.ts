/**
 * What a call or text of Azure MFA came to, for both of its protocols: the callStatus of the SDK and the callResult code
 * of the server's Web Service SDK are one family (PhoneFactor's constants; which of them are successes is inferred from
 * their wording, so `called` alone is never a pass: the answer's own yes or no must agree).
 */
export type CallVerdict =
  /** Somebody took the call and proved themselves at the phone. */
  | 'called'
  /** A text with a code left. No proof of anything. */
  | 'texted'
  /** A success of a kind that is never asked for here: it fits nothing. */
  | 'succeeded'
  /** The server made a code, sent it, and waits to be asked about it. */
  | 'code-pending'
  /** The person did not complete the call. */
  | 'unanswered'
  /** The person said that it was fraud. */
  | 'refused'
  /** The number cannot be called or texted. */
  | 'rejected'
  /** Nothing left, perhaps only this time. */
  | 'not-sent'
  /** Nobody can be reached until an administrator acts: licence, credit, a mode that is not allowed, a blocked user. */
  | 'out-of-service'
  | 'unknown';

const codes: readonly (readonly [CallVerdict, readonly number[]])[] = [
  ['called', [1, 2, 16, 17]],
  ['texted', [20]],
  ['succeeded', [19, 21, 23, 24, 25]],
  ['code-pending', [22]],
  [
    'unanswered',
    [3, 4, 10, 11, 12, 13, 101, 108, 118, 121, 122, 123, 130, 131, 133, 137, 138, 139, 140, 142, 143, 144],
  ],
  ['refused', [112, 129, 132]],
  ['rejected', [100, 103, 107, 110, 111]],
  ['not-sent', [102, 117, 120, 136]],
  // All calls go out as one user: when that one is blocked or locked, nobody is served.
  // And a success remembered from before (6) is somebody else's: nobody was called, until the cache is switched off.
  [
    'out-of-service',
    [5, 6, 14, 18, 104, 105, 106, 109, 113, 114, 115, 116, 119, 124, 125, 126, 127, 128, 134, 135, 141],
  ],
];

const byCode = new Map(codes.flatMap(([verdict, list]) => list.map((code) => [code, verdict] as const)));

/** @param code callStatus of pf_auth, or callResult/Code of PfWsSdk */
export function callVerdict(code: number): CallVerdict {
  return byCode.get(code) ?? 'unknown';
}
