import { createHash, randomBytes } from 'node:crypto';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';

/** The range protocol of Have I Been Pwned (API v3): five digits in, all that begin so out, padded when asked for. */
export class RangePeer extends HttpsPeer {
  readonly requests: PeerRequest[] = [];
  /** Hashes that are known, and how often each was seen. A count of 0 is what padding looks like. */
  readonly #known = new Map<string, number>();

  static async open(authority: TestAuthority): Promise<RangePeer> {
    const peer = new RangePeer({ identity: await authority.server(), ca: authority.ca });
    await peer.listen();
    return peer;
  }

  private constructor(tls: HttpsPeerNeeds) {
    super(tls);
  }

  get url(): string {
    return `${this.origin}/range/`;
  }

  leak(password: string, count = 3): void {
    this.#known.set(createHash('sha1').update(password).digest('hex').toUpperCase(), count);
  }

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    this.requests.push(request);
    const [, prefix] = /^\/range\/([0-9A-F]{5})$/i.exec(request.path) ?? [];
    if (request.method !== 'GET' || prefix === undefined) {
      return { status: 400, body: 'The hash prefix was not in a valid format' };
    }
    if (!request.headers['user-agent']) return { status: 403, body: 'Missing user agent' };
    const own = [...this.#known].filter(([hash]) => hash.startsWith(prefix.toUpperCase()));
    const rows = own.map(([hash, count]) => `${hash.slice(5)}:${count}`);
    const padding = Array.from(
      { length: 800 },
      () => `${randomBytes(18).toString('hex').slice(0, 35).toUpperCase()}:0`,
    );
    const padded = request.headers['add-padding'] === 'true' ? [...rows, ...padding] : rows;
    return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: padded.sort().join('\r\n') };
  }
}
