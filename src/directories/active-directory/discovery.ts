import { randomInt } from 'node:crypto';
import type { SrvRecord } from 'node:dns';
import { NameService } from './name-service.ts';
import { Outage, type Report } from './outage.ts';
import type { DiscoverySettings } from './settings.ts';

/** How long an answer of the name service is good for, and how soon a failed question is asked again. */
const freshMs = 5 * 60_000;
const againMs = 30_000;
const againWithoutAnyMs = 5000;
/** More than any fail-over gets round to: a forged answer must not fill the memory. */
const mostServers = 16;
/** The global catalogue takes no writes. */
const catalogPorts = [3268, 3269];

export interface DiscoveryNeeds {
  readonly settings: DiscoverySettings;
  readonly starttls: boolean;
  readonly report: Report;
  readonly names?: NameService;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** 0 up to 1. */
  readonly random?: () => number;
}

/**
 * Finds the domain controllers in DNS (MS-ADTS 6.3.2.3, RFC 2782): those of the site first, then the domain's. The name
 * service is not believed beyond the allowed suffixes, and every host still has to prove itself by its certificate.
 */
export class Discovery {
  readonly names: NameService;
  readonly #needs: DiscoveryNeeds;
  readonly #now: () => number;
  readonly #suffixes: readonly string[];
  readonly #failing: Outage;
  readonly #strangers: Outage;
  #urls: readonly string[] = [];
  #nextAt = 0;
  #asking: Promise<void> | undefined;

  constructor(needs: DiscoveryNeeds) {
    const { domain, suffixes, nameservers } = needs.settings;
    this.#needs = needs;
    this.#now = needs.now ?? (() => performance.now());
    this.#suffixes = (suffixes.length > 0 ? suffixes : [domain]).map((suffix) => suffix.toLowerCase());
    this.#failing = new Outage('discovery', needs.report);
    this.#strangers = new Outage('discovery: suffixes', needs.report);
    this.names = needs.names ?? new NameService(nameservers);
  }

  /**
   * The servers found last, best first. Asks beside the request when it is time. Never throws.
   * @param wait for the answer under way, while nothing was ever found
   */
  async urls(wait: boolean): Promise<readonly string[]> {
    if (this.#now() >= this.#nextAt) this.#asking ??= this.#ask();
    if (wait && this.#urls.length === 0) await this.#asking;
    return this.#urls;
  }

  /** Resolves when no question is under way. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { domain, site } = this.#needs.settings;
    const questions = [
      ...(site === undefined ? [] : [`_ldap._tcp.${site}._sites.dc._msdcs.${domain}`]),
      `_ldap._tcp.dc._msdcs.${domain}`,
    ];
    const answers = await Promise.allSettled(questions.map((name) => this.names.services(name)));
    const records = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const failed = answers.find((answer) => answer.status === 'rejected');
    const found = [...new Set(records.flatMap((some) => this.#ordered(some)))].slice(0, mostServers);
    this.#tellOfStrangers(records.flat());
    const isGood = failed === undefined && found.length > 0;
    // What was found before stays good: a controller does not go away with its name service.
    if (isGood || this.#urls.length === 0) this.#urls = found;
    if (isGood) this.#failing.end(`the name service names ${found.join(', ')}`);
    else this.#failing.begin('alarm', this.#why(failed?.reason));
    this.#nextAt = this.#now() + (isGood ? freshMs : this.#urls.length > 0 ? againMs : againWithoutAnyMs);
    this.#asking = undefined;
  }

  #why(reason: unknown): string {
    const { domain } = this.#needs.settings;
    const why =
      reason === undefined ? 'knows no domain controller that is allowed' : `cannot be asked: ${String(reason)}`;
    const rest = this.#urls.length === 0 ? '' : '; those that were found before go on';
    return `the name service ${why}, for ${domain}${rest}`;
  }

  /** By priority, and within one by chance according to weight (RFC 2782). */
  #ordered(records: readonly SrvRecord[]): readonly string[] {
    const random = this.#needs.random ?? chance;
    // Whoever draws the least comes first: an exponential race is won in proportion to the weights.
    const draw = ({ weight }: SrvRecord): number => -Math.log(1 - random()) / Math.max(weight, 0.01);
    return records
      .filter((record) => this.#isAllowed(record) && !this.#isCatalog(record))
      .map((record) => ({ record, draw: draw(record) }))
      .sort((a, b) => a.record.priority - b.record.priority || a.draw - b.draw)
      .map(({ record }) => this.#url(record));
  }

  /** Records give the port of plain LDAP; LDAPS is at 636 by convention. */
  #url(record: SrvRecord): string {
    const host = hostOf(record);
    const { starttls, settings } = this.#needs;
    return starttls ? `ldap://${host}:${record.port}` : `ldaps://${host}:${settings['ldaps-port']}`;
  }

  #isCatalog({ port }: SrvRecord): boolean {
    return this.#needs.starttls && catalogPorts.includes(port);
  }

  #isAllowed(record: SrvRecord): boolean {
    const host = hostOf(record);
    return (
      /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) &&
      this.#suffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
    );
  }

  #tellOfStrangers(records: readonly SrvRecord[]): void {
    // A dot alone says that there is no such service (RFC 2782).
    const strangers = records.filter((record) => hostOf(record) !== '' && !this.#isAllowed(record));
    if (strangers.length === 0) {
      this.#strangers.end('every host that is named is below an allowed suffix');
      return;
    }
    const names = strangers.slice(0, 3).map((record) => JSON.stringify(hostOf(record).slice(0, 100)));
    this.#strangers.begin('warning', `hosts outside the allowed suffixes are left out: ${names.join(', ')}`);
  }
}

function chance(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}

function hostOf({ name }: SrvRecord): string {
  return name.toLowerCase().replace(/\.$/, '');
}
