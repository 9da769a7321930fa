import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WorldPerson } from '../contracts/directory-world.ts';
import type { SambaDetails } from './samba.ts';
import { newPassword, SambaAdministrator } from './samba-administrator.ts';

const run = promisify(execFile);

/** What a process that speaks Kerberos reads from its environment. */
const names = ['KRB5_CONFIG', 'KRB5_KTNAME', 'KRB5_CLIENT_KTNAME', 'KRB5CCNAME', 'KRB5RCACHEDIR'] as const;
type Environment = Readonly<Partial<Record<(typeof names)[number], string>>>;

/** An account with a file that holds its keys. */
export interface KeytabAccount {
  readonly person: WorldPerson;
  readonly principal: string;
  readonly keytab: string;
}

/** The Kerberos side of the test domain: accounts with keytabs, and this process's own configuration in a folder of its own. */
export class KerberosRealm {
  readonly name: string;
  readonly #samba: SambaDetails;
  readonly #administrator: SambaAdministrator;
  readonly #folder: string;
  readonly #before = new Map(names.map((name) => [name, process.env[name]]));
  readonly #made: WorldPerson[] = [];
  #files = 0;

  static async open(samba: SambaDetails): Promise<KerberosRealm> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-kerberos-'));
    return new KerberosRealm(samba, await SambaAdministrator.connect(samba), folder);
  }

  private constructor(samba: SambaDetails, administrator: SambaAdministrator, folder: string) {
    this.name = samba.dnsDomain.toUpperCase();
    this.#samba = samba;
    this.#administrator = administrator;
    this.#folder = folder;
  }

  /**
   * @param service a name such as `HTTP/localhost`, which the account then stands for
   * @param keytab a file that the keys are put behind others into; a file of their own when left out
   */
  async account(service?: string, keytab = this.file('keytab')): Promise<KeytabAccount> {
    const person = await this.#administrator.addPerson();
    this.#made.push(person);
    if (service !== undefined) await this.#administrator.set(person.id, { servicePrincipalName: service });
    const principal = service ?? person.samName;
    const configuration = `--configfile=${join(this.#samba.folder, 'etc', 'smb.conf')}`;
    await run('/usr/bin/samba-tool', ['domain', 'exportkeytab', keytab, `--principal=${principal}`, configuration]);
    return { person, principal: `${principal}@${this.name}`, keytab };
  }

  /** Gives it another password, so that its keytab is of no more use. */
  async outdate({ person }: KeytabAccount): Promise<void> {
    const unicodePwd = Buffer.from(`"${newPassword()}"`, 'utf16le');
    await this.#administrator.set(person.id, { unicodePwd });
  }

  async disable({ person }: KeytabAccount): Promise<void> {
    await this.#administrator.set(person.id, { userAccountControl: '514' });
  }

  /** A name that no file has yet. */
  file(ending: string): string {
    this.#files += 1;
    return join(this.#folder, `${this.#files}.${ending}`);
  }

  /** Where the domain controller is. @param kdc another address, where none is */
  async configuration(kdc = '127.0.0.1'): Promise<string> {
    const file = this.file('conf');
    const lines = [
      '[libdefaults]',
      `default_realm = ${this.name}`,
      'dns_lookup_kdc = false',
      'dns_lookup_realm = false',
      'dns_canonicalize_hostname = false',
      'rdns = false',
      'udp_preference_limit = 1',
      '[realms]',
      `${this.name} = {`,
      `kdc = ${kdc}`,
      '}',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** This process's environment from now on; a ticket cache of its own unless named. */
  use(environment: Environment): void {
    const all: Environment = {
      KRB5CCNAME: `FILE:${this.file('cache')}`,
      KRB5_CLIENT_KTNAME: this.file('no-such-keytab'),
      KRB5RCACHEDIR: this.#folder,
      ...environment,
    };
    for (const name of names) setVariable(name, all[name]);
  }

  async close(): Promise<void> {
    for (const [name, value] of this.#before) setVariable(name, value);
    for (const person of this.#made) await this.#administrator.remove(person);
    await this.#administrator.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
