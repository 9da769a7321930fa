import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { Misconfigured, Unavailable } from '../errors.ts';
import type { StaffRules } from './staff.ts';

/** The groups of each role as an administrator writes them: by name, with the paths of units. */
export interface NamedRoles {
  readonly administrators: readonly string[];
  readonly auditors: readonly string[];
  readonly helpdesk: readonly { readonly group: string; readonly units: readonly string[] | 'all' }[];
}

/** Milliseconds that a group's id stays known: a group that was replaced by one of its name has another. */
const knownMs = 300_000;

/**
 * Turns the names of groups and units in the configuration into what the directory knows them by. A name that leads
 * nowhere is a fault and never skipped: a role must not quietly be nobody's, or somebody else's.
 */
export class NamedStaffRules {
  readonly #needs: {
    readonly directory: Pick<Directory, 'findGroup' | 'findUnit'>;
    readonly roles: NamedRoles;
    readonly clock: Clock;
  };
  #known: { readonly at: number; readonly rules: Promise<StaffRules> } | undefined;

  constructor(needs: {
    readonly directory: Pick<Directory, 'findGroup' | 'findUnit'>;
    readonly roles: NamedRoles;
    readonly clock: Clock;
  }) {
    this.#needs = needs;
  }

  /**
   * The rules as the directory has them now, asked anew every few minutes.
   * @throws Misconfigured when a group or a unit is not there
   */
  current(): Promise<StaffRules> {
    const now = this.#needs.clock.now().getTime();
    if (this.#known === undefined || now - this.#known.at >= knownMs) {
      const rules = this.#resolve();
      this.#known = { at: now, rules };
      rules.catch(() => {
        if (this.#known?.rules === rules) this.#known = undefined;
      });
    }
    return this.#known.rules;
  }

  /**
   * For the start: a name that leads nowhere stops it. A directory that does not answer does not, as it may by the time
   * that somebody signs in.
   * @returns whether the rules are known now
   * @throws Misconfigured when a group or a unit is not there
   */
  async check(): Promise<boolean> {
    try {
      await this.current();
      return true;
    } catch (fault) {
      if (fault instanceof Unavailable) return false;
      throw fault;
    }
  }

  /** Every name that leads nowhere, each in a sentence for an operator. */
  async problems(): Promise<readonly string[]> {
    const { administrators, auditors, helpdesk } = this.#needs.roles;
    const groups = new Set([...administrators, ...auditors, ...helpdesk.map(({ group }) => group)]);
    const units = new Set(helpdesk.flatMap((desk) => (desk.units === 'all' ? [] : desk.units)));
    const looks = [...[...groups].map((name) => this.#group(name)), ...[...units].map((path) => this.#unit(path))];
    const settled = await Promise.all(looks.map((look) => look.then(() => undefined, faultOf)));
    return settled.filter((problem) => problem !== undefined);
  }

  async #resolve(): Promise<StaffRules> {
    const { administrators, auditors, helpdesk } = this.#needs.roles;
    const groups = (names: readonly string[]): Promise<readonly string[]> =>
      Promise.all(names.map((name) => this.#group(name)));
    const desk = async ({ group, units }: NamedRoles['helpdesk'][number]) => ({
      group: await this.#group(group),
      units: units === 'all' ? units : await Promise.all(units.map((unit) => this.#unit(unit))),
    });
    const [ofAdministrators, ofAuditors, desks] = await Promise.all([
      groups(administrators),
      groups(auditors),
      Promise.all(helpdesk.map(desk)),
    ]);
    return { administrators: ofAdministrators, auditors: ofAuditors, helpdesk: desks };
  }

  async #group(name: string): Promise<string> {
    const group = await this.#needs.directory.findGroup(name);
    if (group === undefined) {
      throw new Misconfigured(
        `console.roles names the group ${JSON.stringify(name)}, which the directory does not have`,
      );
    }
    if (group.cyclic) {
      throw new Misconfigured(
        `console.roles names the group ${JSON.stringify(name)}, which is a member of itself by way of other groups`,
      );
    }
    return group.id;
  }

  async #unit(path: string): Promise<string> {
    const unit = await this.#needs.directory.findUnit(path);
    if (unit === undefined) {
      throw new Misconfigured(
        `console.roles names the unit ${JSON.stringify(path)}, which the directory does not have`,
      );
    }
    return unit.path;
  }
}

function faultOf(fault: unknown): string {
  if (fault instanceof Misconfigured) return fault.message;
  throw fault;
}
