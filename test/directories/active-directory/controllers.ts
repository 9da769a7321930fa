import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import type { Directory } from '../../../src/core/directory.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';
import type { Alert } from '../../../src/directories/active-directory/outage.ts';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';
import { type DemoDirectory, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import type { Entry } from '../../../src/directories/demo/entry.ts';
import { guidToText } from '../../../src/directories/demo/identifier.ts';
import { type Identity, TestAuthority } from '../../peers/authority.ts';
import { TlsFront, type TlsFrontNeeds } from '../../services/tls-front.ts';

/**
 * One domain whose controllers are as many fronts of one demo directory as a test opens, each with a certificate of its
 * own, and Latchkey's client before them. What the client reports is kept.
 */
export class Controllers {
  readonly demo: DemoDirectory;
  readonly authority: TestAuthority;
  readonly alerts: Alert[] = [];
  readonly folder: string;
  readonly #ends: (() => Promise<unknown>)[] = [];

  static async open(): Promise<Controllers> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-controllers-'));
    const authority = await TestAuthority.create();
    const controllers = new Controllers(await startDemoDirectory({ production: false }), authority, folder);
    await writeFile(controllers.caFile, authority.ca);
    await writeFile(controllers.passwordFile, `${controllers.demo.serviceAccount.password}\n`);
    return controllers;
  }

  private constructor(demo: DemoDirectory, authority: TestAuthority, folder: string) {
    this.demo = demo;
    this.authority = authority;
    this.folder = folder;
  }

  get caFile(): string {
    return join(this.folder, 'ca.pem');
  }

  get passwordFile(): string {
    return join(this.folder, 'password');
  }

  /** The service account, as the directory has it. */
  get service(): Entry {
    return this.demo.administration.at(`CN=Latchkey,OU=Service Accounts,${this.demo.baseDn}`);
  }

  /** How many wrong passwords the directory counted. */
  get wrongBinds(): number {
    return Number(this.service.integer('badPwdCount'));
  }

  async front(identity?: Identity, more: Partial<TlsFrontNeeds> = {}): Promise<TlsFront> {
    const front = await TlsFront.open({
      target: this.demo,
      identity: identity ?? (await this.authority.server()),
      ...more,
    });
    this.#ends.push(() => front.stop());
    return front;
  }

  /** @param more settings by their names in the configuration file */
  directory(urls: readonly string[], more: Record<string, unknown> = {}): Directory {
    const { baseDn, domain, serviceAccount } = this.demo;
    const settings = activeDirectorySettings.parse({
      urls,
      'ca-file': this.caFile,
      'base-dn': baseDn,
      'people-base': `OU=People,${baseDn}`,
      domain,
      'bind-account': serviceAccount.principal,
      ...('bind-password-file' in more ? {} : { 'bind-password': serviceAccount.password }),
      ...more,
    });
    const report = (alert: Alert): void => void this.alerts.push(alert);
    const directory = createActiveDirectory({ settings, clock: systemClock, report });
    this.#ends.unshift(() => directory.close());
    return directory;
  }

  /** Somebody new. */
  person(): { readonly id: string; readonly password: string } {
    const password = `Start-1-${crypto.randomUUID()}`;
    const name = `p${crypto.randomUUID().slice(0, 12)}`;
    const unit = `OU=People,${this.demo.baseDn}`;
    const entry = this.demo.administration.addPerson({ unit, commonName: name, samName: name, password });
    return { id: guidToText(entry.guid), password };
  }

  /** Ends what `end` is given too, when the test does. */
  also(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end();
    await this.demo.close();
    await rm(this.folder, { recursive: true });
  }
}
