import { randomBytes } from 'node:crypto';
import { type Account, identityOf, passwordStamp } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { Unavailable } from '../errors.ts';
import type { FlowSubject } from '../flow-subject.ts';
import { type Login, loginStem } from '../login.ts';
import type { Policies } from '../policies/policies.ts';
import { barredFromReset, barredFromUse, type Policy } from '../policies/policy.ts';
import type { StaffPolicies } from '../policies/staff-policies.ts';
import type { Portal } from '../portal.ts';
import type { RequestContext } from '../request-context.ts';
import type { Stores } from '../stores.ts';
import type { Admission, Visiting } from '../visits/visit-limits.ts';
import { laterOf, registrationChain, resetChain } from './chain.ts';
import { peopleDrawnFrom, seemingGates } from './decoy-ways.ts';
import { failureKey } from './failure-key.ts';
import { type Flow, firstStep, isEnded } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import type { GateDesk } from './gate-desk.ts';
import type { Registrations } from './registrations.ts';
import { otherWays } from './ways.ts';

/** More bars upon one another than the limits let anybody run into. */
const mostBars = 20;

export interface FlowStarterNeeds {
  /** Ids of the gates that can be passed, strongest first: the chain's, and others that somebody may have enrolled. */
  readonly strongestFirst: readonly string[];
  /** Ids of the gates that prove that somebody knows something. */
  readonly knowledge: readonly string[];
  readonly desk: GateDesk;
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures'>;
  readonly directory: Directory;
  readonly policies: Policies;
  readonly staffPolicies: StaffPolicies;
  readonly registrations: Registrations;
  readonly audit: FlowAudit;
  readonly clock: Clock;
  /** Gates that the helpdesk gives something out for. */
  readonly issued?: readonly string[];
  /** Keyed hash in hex; see core/sealer.ts. */
  readonly mac: (purpose: string, text: string) => string;
}

/** A flow, or what stands between the visitor and one. */
export type Started = { readonly kind: 'started'; readonly flow: Flow } | Exclude<Admission, { kind: 'admitted' }>;

/** Begins flows: fixes whose they are and which chain they walk, once and for all. */
export class FlowStarter {
  readonly #needs: FlowStarterNeeds;

  constructor(needs: FlowStarterNeeds) {
    this.#needs = needs;
  }

  /**
   * Starts a reset. Whoever cannot pass gets a decoy: the same pages, the same work, and nothing is sent.
   * @param visiting counts the start for the account, or for the decoy in its place; nothing is counted without
   * @throws Unavailable when the directory does not answer: said before anybody proves anything
   */
  async reset(login: Login, request: RequestContext, visiting?: Pick<Visiting, 'admitAccount'>): Promise<Started> {
    const { directory, stores, policies, clock, mac } = this.#needs;
    const stem = loginStem(login);
    const bare: Login = { kind: 'bare', name: stem };
    // Whoever spells a login wrongly gets a decoy that looks and counts as the account of that name does: if it had a
    // look of its own, comparing two spellings would tell which names exist.
    const plain = login.kind === 'bare' && login.name.toLowerCase() === stem;
    const [account, namesake] = await Promise.all([directory.find(login), plain ? undefined : directory.find(bare)]);
    const known = account ?? namesake;
    const key = known?.id ?? `decoy:${mac('decoy-key', stem)}`;
    const admission = await visiting?.admitAccount(key);
    if (admission !== undefined && admission.kind !== 'admitted') return admission;
    const enrolments = await stores.enrolments.of(key);
    const lockout = await stores.failures.lockout(key, clock.now());
    const own = await policies.match(account, request.zone);
    const seed = mac('decoy', known?.id ?? stem);
    const shown = await policies.shownTo(known, seed, request.zone);
    const policy = own ?? shown;
    const later = laterOf(policy, this.#needs.knowledge);
    const usable = enrolments.map(({ gate }) => gate);
    const way = resetChain(policy, { seeming: await this.#seemingGates(policy, key, seed), usable, later });
    const reason = account === undefined ? 'unknown' : barredFromReset(account, own, { lockout, enrolments });
    const subject: FlowSubject =
      account === undefined || reason !== undefined
        ? {
            kind: 'decoy',
            key,
            seed,
            reason: reason ?? 'unknown',
            ...(lockout === undefined ? {} : { underBars: await this.#barsUpon(key) }),
          }
        : { ...subjectOf(account), ...(way.alternatives === undefined ? {} : { seed }) };
    const flow = await this.#start({ portal: 'reset', policy, subject, way, request });
    return { kind: 'started', flow };
  }

  /**
   * Starts a registration for an account whose password was just proved: for all zones in which it comes under a policy.
   * @returns the flow, which is refused at once when the account may not use Latchkey
   */
  async registration(account: Account, request: RequestContext): Promise<Flow> {
    const { stores, policies, registrations, clock, mac } = this.#needs;
    const found = await registrations.policiesOf(account, request.zone);
    const own = found.find(({ zone }) => zone === request.zone)?.policy;
    const policy = own ?? (await policies.shownTo(account, mac('decoy', account.id), request.zone));
    const counting = await stores.enrolments.of(account.id);
    const registered = await stores.enrolments.registered(account.id);
    const lockout = await stores.failures.lockout(account.id, clock.now());
    // Whoever is not served here registers nothing here, for whatever zone.
    const others = own === undefined ? [] : found.filter(({ zone }) => zone !== request.zone);
    const { enrols, ...more } = registrations.wayOf(policy, others);
    const chain = registrationChain(enrols, { registered, counting }, this.#needs.strongestFirst);
    const mayUse = chain !== undefined && enrols.length > 0 && barredFromUse(account, own, lockout) === undefined;
    const way = { chain: chain ?? [], ...more };
    return this.#start({ portal: 'registration', policy, subject: subjectOf(account), way, request, barred: !mayUse });
  }

  /**
   * The same work for everybody; none where the chain is one and the same for all. What the helpdesk gave out is left
   * aside: a first gate that changes for some minutes would tell that there is somebody, and that they can pass now.
   */
  async #seemingGates(policy: Policy, key: string, seed: string): Promise<readonly string[]> {
    const { stores, mac } = this.#needs;
    if (policy.needed === undefined) return policy.chain;
    const own = await stores.enrolments.registered(key);
    const people = await stores.enrolments.gatesOfSome(peopleDrawnFrom);
    const pick = mac('decoy-ways', seed);
    return seemingGates(policy, this.#registrable(own.map(({ gate }) => gate)), {
      people: people.map((gates) => this.#registrable(gates)),
      pick,
    });
  }

  #registrable(gates: readonly string[]): readonly string[] {
    return gates.filter((gate) => !(this.#needs.issued ?? []).includes(gate));
  }

  /**
   * Starts the second factor of a sign-in to the console, for an account whose password was just proved.
   * @param order ids of gates: the first of them that the account has enrolled is asked for, and any other one is another way
   * @returns undefined when none of them is enrolled; a flow that is refused when the account may not use Latchkey
   */
  async console(account: Account, order: readonly string[], request: RequestContext): Promise<Flow | undefined> {
    const { stores, staffPolicies, clock } = this.#needs;
    const counting = await stores.enrolments.of(account.id);
    const [gate, ...alternatives] = order.filter((one) => counting.some((enrolment) => enrolment.gate === one));
    if (gate === undefined) return undefined;
    const lockout = await stores.failures.lockout(account.id, clock.now());
    const policy = await staffPolicies.match(account, request.zone);
    const barred = barredFromUse(account, policy, lockout) !== undefined;
    const others = alternatives.length === 0 ? {} : { alternatives };
    const way = { chain: [{ gate, step: 'verify' as const }], ...others };
    return this.#start({ portal: 'console', policy, subject: subjectOf(account), way, request, barred });
  }

  /** How many bars stand one upon the other: each is one that flows under the others ran into. */
  async #barsUpon(key: string): Promise<number> {
    const { stores, clock } = this.#needs;
    let bars = 1;
    for (; bars < mostBars; bars += 1) {
      const upon = failureKey({ kind: 'decoy', key, underBars: bars });
      if ((await stores.failures.lockout(upon, clock.now())) === undefined) break;
    }
    return bars;
  }

  async #start(wanted: {
    portal: Portal;
    policy: Policy;
    subject: FlowSubject;
    way: Pick<Flow, 'chain' | 'alternatives' | 'later' | 'unlockAfter' | 'mayLeaveOut' | 'givenOut' | 'elsewhere'>;
    request: RequestContext;
    barred?: boolean;
  }): Promise<Flow> {
    const { clock, stores, audit } = this.#needs;
    const { portal, policy, subject, way, request } = wanted;
    const now = clock.now();
    const told = subject.kind === 'decoy' && policy.unknownLogins === 'say-so';
    const flow: Flow = {
      id: randomBytes(32).toString('base64url'),
      reference: randomBytes(9).toString('base64url'),
      portal,
      subject,
      policy: policy.name,
      zone: request.zone,
      host: request.host,
      lockout: policy.lockout,
      ...(policy.channels === undefined ? {} : { channels: policy.channels }),
      ...(policy.gates === undefined ? {} : { gates: policy.gates }),
      ...way,
      actions: portal === 'reset' ? policy.actions : [],
      step:
        told || wanted.barred === true
          ? { kind: 'refused', reason: 'not-eligible' }
          : { ...firstStep(way.chain), openingSince: now.getTime() },
      memory: null,
      language: request.language,
      createdAt: now,
      expiresAt: new Date(now.getTime() + policy.flowSeconds * 1000),
      version: 0,
    };
    await stores.flows.create(flow);
    const { zone } = request;
    const detail = { decoy: subject.kind === 'decoy' ? subject.reason : false, policy: policy.name, zone };
    await audit.write('flow.started', flow, { request, detail });
    return isEnded(flow.step) ? flow : this.#open(flow, request);
  }

  /** Where there is another way, a gate that cannot be opened keeps nobody out: the person chooses. */
  async #open(flow: Flow, request: RequestContext): Promise<Flow> {
    const { desk, stores } = this.#needs;
    try {
      return await desk.open(flow, request);
    } catch (fault) {
      if (!(fault instanceof Unavailable) || otherWays(flow).length === 0) throw fault;
      return (await stores.flows.read(flow.id)) ?? flow;
    }
  }
}

function subjectOf(account: Account): FlowSubject {
  return { kind: 'account', account: identityOf(account), passwordStamp: passwordStamp(account) };
}
