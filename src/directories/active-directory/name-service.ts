import type { SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';

/** Asks name servers of one's own; the system's when none is named. What they say is not to be believed. */
export class NameService {
  readonly #resolver = new Resolver({ timeout: 1000, tries: 2 });
  readonly #isOwn: boolean;

  /** @param servers as address or address:port */
  constructor(servers: readonly string[]) {
    this.#isOwn = servers.length > 0;
    if (this.#isOwn) this.#resolver.setServers(servers);
  }

  /** @returns none when there is no such name; @throws when nobody answers */
  async services(name: string): Promise<readonly SrvRecord[]> {
    return this.#resolver.resolveSrv(name).catch(noneIfUnknown);
  }

  /** How a host is found whose name these servers gave; undefined where the system finds it as ever. */
  get lookup(): LookupFunction | undefined {
    if (!this.#isOwn) return undefined;
    return (host, options, done) => {
      this.#addresses(host).then(
        (found) =>
          options.all === true ? done(null, [...found]) : done(null, found[0]?.address ?? '', found[0]?.family),
        (error: NodeJS.ErrnoException) => done(error, ''),
      );
    };
  }

  async #addresses(host: string): Promise<readonly { address: string; family: number }[]> {
    const [four, six] = await Promise.all([
      this.#resolver.resolve4(host).catch(noneIfUnknown),
      this.#resolver.resolve6(host).catch(noneIfUnknown),
    ]);
    const found = [
      ...four.map((address) => ({ address, family: 4 })),
      ...six.map((address) => ({ address, family: 6 })),
    ];
    if (found.length === 0) throw new Error(`the name service has no address of ${host}`);
    return found;
  }
}

function noneIfUnknown(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return [];
  throw error;
}
