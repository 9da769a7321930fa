import type { Account } from '../account.ts';
import { type HistoryLine, historyLine } from '../audit/history.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { numberIn } from '../gates/enrolled-number.ts';
import type { Action } from '../journal.ts';
import { mostInARow } from '../lockout.ts';
import type { Policies } from '../policies/policies.ts';
import { barredFromReset, type Ineligible, neededOf, type Policy } from '../policies/policy.ts';
import { maskNumber } from '../sending/phone-number.ts';
import type { Enrolment, Stores } from '../stores.ts';
import type { Zone } from '../zone.ts';
import { type Bar, barsOf } from './bars.ts';
import { type Trouble, troubleOf } from './person-trouble.ts';

/** Everything that the page of a person shows. Holds no secret, no whole number and no answer. */
export interface PersonView {
  readonly account: Account;
  readonly trouble: Trouble;
  readonly password: PasswordStanding;
  readonly zones: readonly ZoneStanding[];
  readonly gates: readonly GateStanding[];
  readonly bars: readonly Bar[];
  /** Visits that the person has open in the portals. */
  readonly openFlows: number;
  /** Newest first. */
  readonly history: readonly HistoryLine[];
}

/** How old the password is, and what the directory's policy says to that. */
export interface PasswordStanding {
  readonly setAt?: Date;
  readonly ageDays?: number;
  /** When it ends by its policy; absent when it never does, or must be changed now. */
  readonly expiresAt?: Date;
  /** The policy in force: the domain's has no name. */
  readonly policy: { readonly source: 'domain' | 'fine-grained'; readonly name?: string };
  /** Wrong passwords that lock the account; 0 when the directory never locks. */
  readonly lockoutThreshold: number;
}

/** What the person may do from one zone now, and what they lack. */
export interface ZoneStanding {
  readonly zone: Zone;
  /** Absent when none matches. */
  readonly policy?: string;
  readonly ineligible?: Ineligible;
  /** What a passed chain allows. */
  readonly actions: readonly Action[];
  /** Gates of the chain that the person cannot pass: not registered, or worth nothing now. */
  readonly missing: readonly string[];
  /** What is registered is too little by itself, and enough together with a code of the helpdesk. */
  readonly codeWouldDo?: true;
}

/** One gate, as far as it concerns the person: registered, held, or asked for by a policy. */
export interface GateStanding {
  readonly gate: string;
  /** Absent when nothing is registered. */
  readonly provedAt?: Date;
  /** As the person sees it, for gates that reach a telephone. */
  readonly mask?: string;
  /** When it was passed last, as far back as the page looks. */
  readonly usedAt?: Date;
  /** Wrong answers since the last right one. */
  readonly failures: number;
  /** So many that what is registered counts no more. */
  readonly wornOut: boolean;
  /** Given out by the helpdesk, not registered; and until when it counts, where there is one. */
  readonly issued?: true;
  readonly until?: Date;
  /** When what is registered anew begins to count. */
  readonly heldUntil?: Date;
}

export interface PersonViewNeeds {
  readonly directory: Pick<Directory, 'passwordPolicy'>;
  readonly policies: Pick<Policies, 'match'>;
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures' | 'audit'>;
  /** The zones that there are listeners for. */
  readonly zones: readonly Zone[];
  /** Gates that the helpdesk gives something out for. */
  readonly issued: readonly string[];
  readonly clock: Clock;
}

/** Rows of the history that a page shows; that somebody looked at it is not among them, or looking would hide the rest. */
const historyRows = 100;
/** Passed gates that are looked through for when each was used last. */
const passedRows = 200;
const dayMs = 24 * 60 * 60_000;

/** Puts together what staff see of a person. Changes nothing. */
export class PersonViews {
  readonly #needs: PersonViewNeeds;

  constructor(needs: PersonViewNeeds) {
    this.#needs = needs;
  }

  /**
   * The person as they are now.
   * @param account read a moment ago
   * @throws Unavailable when the directory or the store does not answer
   */
  async of(account: Account): Promise<PersonView> {
    const { stores, clock } = this.#needs;
    const now = clock.now();
    const [password, zones, gates, bars, openFlows, rows] = await Promise.all([
      this.#password(account, now),
      this.#zones(account, now),
      this.#gates(account),
      barsOf(stores.failures, account, now),
      stores.flows.openOf(account.id, now),
      stores.audit.about(account.id, historyRows, { except: 'console.viewed' }),
    ]);
    const asked = new Set(zones.flatMap(({ missing }) => missing));
    const bare = [...asked].filter((gate) => !gates.some((one) => one.gate === gate));
    const all = [...gates, ...bare.map((gate) => this.#bare(gate))];
    const trouble = troubleOf({ account, zones, gates: all, bars });
    return { account, trouble, password, zones, gates: all, bars, openFlows, history: rows.map(historyLine) };
  }

  async #password(account: Account, now: Date): Promise<PasswordStanding> {
    const { source, name, maxAgeSeconds, lockoutThreshold } = await this.#needs.directory.passwordPolicy(account);
    const { passwordLastSet: setAt, mustChangePassword, passwordNeverExpires } = account.state;
    const ends = setAt !== undefined && maxAgeSeconds !== undefined && !mustChangePassword && !passwordNeverExpires;
    return {
      policy: { source, ...(name === undefined ? {} : { name }) },
      lockoutThreshold,
      ...(setAt === undefined ? {} : { setAt, ageDays: Math.floor((now.getTime() - setAt.getTime()) / dayMs) }),
      ...(ends ? { expiresAt: new Date(setAt.getTime() + maxAgeSeconds * 1000) } : {}),
    };
  }

  #zones(account: Account, now: Date): Promise<readonly ZoneStanding[]> {
    return Promise.all(this.#needs.zones.map((zone) => this.#zone(account, zone, now)));
  }

  async #zone(account: Account, zone: Zone, now: Date): Promise<ZoneStanding> {
    const { policies, stores } = this.#needs;
    const policy = await policies.match(account, zone);
    const [enrolments, lockout] = await Promise.all([
      stores.enrolments.of(account.id),
      stores.failures.lockout(account.id, now),
    ]);
    const ineligible = barredFromReset(account, policy, { lockout, enrolments });
    const isMissing = (gate: string): boolean => !enrolments.some((enrolment) => enrolment.gate === gate);
    const missing = policy?.chain.filter(isMissing) ?? [];
    const wantsCode = ineligible === 'unregistered' && policy !== undefined && this.#isCodeEnough(policy, missing);
    return {
      zone,
      ...(policy === undefined ? {} : { policy: policy.name }),
      ...(ineligible === undefined ? {} : { ineligible }),
      actions: policy?.actions ?? [],
      missing,
      ...(wantsCode ? { codeWouldDo: true } : {}),
    };
  }

  /** Whether what the helpdesk gives out would make up for what is missing. */
  #isCodeEnough(policy: Policy, missing: readonly string[]): boolean {
    const lacking = neededOf(policy) - (policy.chain.length - missing.length);
    return lacking <= missing.filter((gate) => this.#needs.issued.includes(gate)).length;
  }

  #bare(gate: string): GateStanding {
    return { gate, failures: 0, wornOut: false, ...(this.#needs.issued.includes(gate) ? { issued: true } : {}) };
  }

  /** Everything that the person has registered, held ones too. */
  async #gates({ id }: Account): Promise<readonly GateStanding[]> {
    const { enrolments, failures, audit } = this.#needs.stores;
    const [registered, held, passed] = await Promise.all([
      enrolments.registered(id),
      enrolments.held(id),
      audit.about(id, passedRows, { only: 'gate.passed' }),
    ]);
    const names = new Set([...registered, ...held].map(({ gate }) => gate));
    const standings = [...names].toSorted().map(async (gate): Promise<GateStanding> => {
      const inARow = await failures.inARow(id, gate);
      const usedAt = passed.find((row) => row.gate === gate && row.detail?.step === 'verify')?.at;
      const heldUntil = held.find((one) => one.gate === gate)?.countsFrom;
      return {
        gate,
        ...registeredAs(registered.find((one) => one.gate === gate)),
        ...(usedAt === undefined ? {} : { usedAt }),
        failures: inARow,
        wornOut: inARow >= mostInARow,
        ...(heldUntil === undefined ? {} : { heldUntil }),
      };
    });
    return Promise.all(standings);
  }
}

function registeredAs(enrolment: Enrolment | undefined): Pick<GateStanding, 'provedAt' | 'mask' | 'issued' | 'until'> {
  if (enrolment === undefined) return {};
  const { until } = enrolment;
  if (until !== undefined) return { provedAt: enrolment.provedAt, issued: true, until };
  const number = numberIn(enrolment.data);
  return { provedAt: enrolment.provedAt, ...(number === undefined ? {} : { mask: maskNumber(number) }) };
}
