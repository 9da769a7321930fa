import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TestAuthority } from './peers/authority.ts';
import { PhoneServicePeer } from './peers/phone-service-peer.ts';
import type { Visitor } from './portals/visitor.ts';
import type { Person, PortalWorld } from './portals/world.ts';

/** A service of texts and one of calls that each take one for anybody in an hour; the demo's phones have no limits. */
export class LimitedPhones {
  readonly peer: PhoneServicePeer;
  readonly #folder: string;
  readonly #secret: string;
  #now = () => new Date();

  static async open(): Promise<LimitedPhones> {
    const authority = await TestAuthority.create();
    const secret = randomBytes(24).toString('hex');
    let phones: LimitedPhones | undefined;
    const now = (): Date => phones?.now() ?? new Date();
    const peer = await PhoneServicePeer.open({ authority, secret, now });
    phones = new LimitedPhones({ peer, secret });
    writeFileSync(path.join(phones.#folder, 'ca.pem'), authority.ca);
    return phones;
  }

  private constructor({ peer, secret }: { peer: PhoneServicePeer; secret: string }) {
    this.peer = peer;
    this.#secret = secret;
    this.#folder = mkdtempSync(path.join(tmpdir(), 'latchkey-limited-'));
  }

  now(): Date {
    return this.#now();
  }

  /** From now on it goes by the world's clock. */
  use({ clock }: Pick<PortalWorld, 'clock'>): void {
    this.#now = () => clock.now();
  }

  /** As the configuration file has them. */
  get settings(): Readonly<Record<string, unknown>> {
    const service = {
      kind: 'custom-http',
      countries: ['GB'],
      url: this.peer.url,
      secret: this.#secret,
      'ca-file': path.join(this.#folder, 'ca.pem'),
      limits: { 'per-destination': 1, 'per-account': 1 },
    };
    return {
      providers: { texts: service, calls: service, mail: { kind: 'virtual-email' } },
      channels: { sms: ['texts'], voice: ['calls'], email: ['mail'] },
    };
  }

  /** Sends as much to what somebody has registered for a gate as may be in an hour. */
  async useUp({ latchkey: { challenges } }: PortalWorld, person: Person, gate: string): Promise<void> {
    const order = { language: 'en', codeLength: 6, lifetimeSeconds: 60, text: '{code}' };
    const target = { kind: 'enrolled', accountId: person.id } as const;
    const channel = gate === 'phone' ? 'voice' : 'sms';
    await challenges.begin({ channel, target, gate, flowReference: `before ${person.id}`, attempt: 'one', ...order });
    await challenges.idle();
  }

  /** Answers the call, or types the code, that came last. */
  async pass({ latchkey: { challenges } }: PortalWorld, visitor: Visitor): Promise<Visitor> {
    await challenges.idle();
    if (!visitor.path.endsWith('phone')) return visitor.submit({ code: this.peer.lastCode() }, 'act=next');
    await this.peer.end({ kind: 'keys', keys: '#' });
    return visitor.submit({}, 'act=next');
  }

  async close(): Promise<void> {
    await this.peer.close();
    rmSync(this.#folder, { recursive: true });
  }
}
