exec(open('.edit.py').read().split("sub('src/core/policy.ts'")[0])
sub('src/core/policies.ts', [
("  readonly directory: Pick<Directory, 'findGroup'>;","  readonly directory: Pick<Directory, 'findGroup' | 'findUnit'>;"),
("""/** Milliseconds after which a group's name is looked up again: somebody may have made another of that name. */
const groupFreshness = 60_000;
""","""/** Milliseconds after which a name is looked up again: somebody may have made another group of that name. */
const freshness = 60_000;

/** What the names that policies use stand for in the directory. */
interface Known {
  /** Ids of groups by name. */
  readonly groups: ReadonlyMap<string, string>;
  /** Units in the directory's spelling by path. */
  readonly units: ReadonlyMap<string, string>;
}
"""),
("""/**
 * Which policy an account comes under. It never skips what it cannot decide: a group that is not found may be an
 * exception, and without it somebody would come under another's policy.
 */""","""/**
 * Which policy an account comes under. It never skips what it cannot decide: a group or unit that is not found may be an
 * exception, and without it somebody would come under another's policy.
 */"""),
("""  /** By name as it is written in lower case. */
  readonly #groups = new Map<string, { readonly at: number; readonly id: Promise<string> }>();
""","""  readonly #lookUps = new Map<string, { readonly at: number; readonly answer: Promise<string> }>();
"""),
("""when any policy names a group that is not there""","""when any policy names a group or unit that is not there"""),
("""    const ids = await this.#idsOf(policies);
    const steps""","""    const known = await this.#known(policies);
    const steps"""),
("""      const why = reasonOf(policy, { account: account as Account, zone, ids });""","""      const why = reasonOf(policy, { account: account as Account, zone, known });"""),
("""    await this.#idsOf(policies);
    const [first""","""    await this.#known(policies);
    const [first"""),
])
s=open('src/core/policies.ts').read()
a=s.index("  /** The ids of every group that any policy names. */"); b=s.index("function reasonOf")
s=s[:a]+"""  /** Every group and unit that any policy names, whether it is asked about or not. */
  async #known(policies: readonly Policy[]): Promise<Known> {
    const { directory } = this.#needs;
    const members = policies.flatMap((policy) => [policy.members, policy.members.except]);
    const [groups, units] = await Promise.all([
      this.#all('group', new Set(members.flatMap((one) => one.groups)), async (name) => (await directory.findGroup(name))?.id),
      this.#all('unit', new Set(members.flatMap((one) => one.units)), async (path) => (await directory.findUnit(path))?.path),
    ]);
    return { groups, units };
  }

  async #all(
    kind: 'group' | 'unit',
    names: ReadonlySet<string>,
    find: (name: string) => Promise<string | undefined>,
  ): Promise<ReadonlyMap<string, string>> {
    const found = [...names].map(async (name) => [name, await this.#lookUp(kind, name, find)] as const);
    return new Map(await Promise.all(found));
  }

  #lookUp(kind: string, name: string, find: (name: string) => Promise<string | undefined>): Promise<string> {
    const key = `${kind} ${name}`;
    const now = this.#needs.clock.now().getTime();
    const last = this.#lookUps.get(key);
    if (last !== undefined && now - last.at < freshness) return last.answer;
    const answer = find(name).then((found) => {
      if (found !== undefined) return found;
      throw new Misconfigured(`a policy names the ${kind} ${name}, which the directory does not have`);
    });
    this.#lookUps.set(key, { at: now, answer });
    // What failed is asked again by the next one; whoever waits for this hears of it.
    answer.catch(() => this.#lookUps.get(key)?.answer === answer && this.#lookUps.delete(key));
    return answer;
  }
}

"""+s[b:]
s=s.replace("""about: { readonly account: Account; readonly zone: Zone; readonly ids: ReadonlyMap<string, string> },""","""about: { readonly account: Account; readonly zone: Zone; readonly known: Known },""")
s=s.replace("membership(policy.members, about.account, about.ids)","membership(policy.members, about.account, about.known)")
s=s.replace("""function membership(members: Members, { state }: Account, ids: ReadonlyMap<string, string>): MatchStep['why'] {
  const own = new Set(state.groups);
  const isIn = (name: string): boolean => own.has(ids.get(name) ?? '');
  const isBelow = (unit: string): boolean => isWithin(state.unit, unit);
""","""function membership(members: Members, { state }: Account, known: Known): MatchStep['why'] {
  const own = new Set(state.groups);
  const isIn = (name: string): boolean => own.has(spelt(known.groups, name));
  const isBelow = (path: string): boolean => isWithin(state.unit, spelt(known.units, path));
""")
s+="""
/** Every name was looked up: one that was not would match everybody or nobody. */
function spelt(known: ReadonlyMap<string, string>, name: string): string {
  const found = known.get(name);
  if (found === undefined) throw new Error(`${name} was not looked up`);
  return found;
}
"""
open('src/core/policies.ts','w').write(s)

# --- starter
sub('src/core/flow-starter.ts', [
("import { barredFromReset, barredFromUse, type Policy, registrationChain, resetChain } from './policy.ts';","import type { Policies } from './policies.ts';\nimport { barredFromReset, barredFromUse, type Policy, registrationChain, resetChain } from './policy.ts';"),
("  readonly policy: Policy;\n","  readonly policies: Policies;\n"),
("""    const { directory, stores, policy, clock, mac } = this.#needs;
    const stem""","""    const { directory, stores, policies, clock, mac } = this.#needs;
    const stem"""),
("""    const reason = account === undefined ? 'unknown' : barredFromReset(account, policy, { lockout, enrolments });
""","""    const own = await policies.match(account, request.zone);
    const seed = mac('decoy', known?.id ?? stem);
    const policy = own ?? (await policies.shownTo(known, seed, request.zone));
    const reason = account === undefined ? 'unknown' : barredFromReset(account, own, { lockout, enrolments });
"""),
("""            seed: mac('decoy', known?.id ?? stem),
""","""            seed,
"""),
("""{ portal: 'reset', subject, chain: resetChain(policy), request }""","""{ portal: 'reset', policy, subject, chain: resetChain(policy), request }"""),
("""    const { stores, policy, clock } = this.#needs;
    const counting""","""    const { stores, policies, clock, mac } = this.#needs;
    const own = await policies.match(account, request.zone);
    const policy = own ?? (await policies.shownTo(account, mac('decoy', account.id), request.zone));
    const counting"""),
("barredFromUse(account, policy, lockout) === undefined;","barredFromUse(account, own, lockout) === undefined;"),
("""    return this.#start({ portal: 'registration', subject, chain: chain ?? [], request, barred: !mayUse });""","""    return this.#start({ portal: 'registration', policy, subject, chain: chain ?? [], request, barred: !mayUse });"""),
("""    portal: Portal;
    subject: FlowSubject;""","""    portal: Portal;
    policy: Policy;
    subject: FlowSubject;"""),
("""    const { clock, policy, stores, audit, desk } = this.#needs;
    const { portal, subject, chain, request } = wanted;""","""    const { clock, stores, audit, desk } = this.#needs;
    const { portal, policy, subject, chain, request } = wanted;"""),
("""      subject,
      chain,
      actions""","""      subject,
      policy: policy.name,
      zone: request.zone,
      lockout: policy.lockout,
      chain,
      actions"""),
("""    const detail = { decoy: subject.kind === 'decoy' ? subject.reason : false };""","""    const { zone } = request;
    const detail = { decoy: subject.kind === 'decoy' ? subject.reason : false, policy: policy.name, zone };"""),
])
# --- runner
sub('src/core/flow-runner.ts', [
("  isEnded,\n  type Link,\n","  isEnded,\n  type Link,\n  lockoutOf,\n"),
("import type { Policy } from './policy.ts';\n",""),
("  readonly policy: Policy;\n",""),
("flow.wrong === undefined ? undefined : this.#needs.policy.lockout.threshold - flow.wrong","flow.wrong === undefined ? undefined : lockoutOf(flow).threshold - flow.wrong"),
("""    const { stores, policy, clock } = this.#needs;
    const { threshold } = policy.lockout;
""","""    const { stores, clock } = this.#needs;
    const { threshold } = lockoutOf(flow);
"""),
("if (tries >= this.#needs.policy.lockout.threshold)","if (tries >= lockoutOf(flow).threshold)"),
("""    const { stores, policy, clock, audit, notices } = this.#needs;""","""    const { stores, clock, audit, notices } = this.#needs;"""),
("""    const rules = underBars === 0 ? policy.lockout : { ...policy.lockout, barsUntilPermanent: Number.MAX_SAFE_INTEGER };""","""    const own = lockoutOf(flow);
    const rules = underBars === 0 ? own : { ...own, barsUntilPermanent: Number.MAX_SAFE_INTEGER };"""),
])
# --- enroller
sub('src/core/enroller.ts', [
("import { type Flow, isPasswordMoved, type Link, subjectKey } from './flow.ts';","import { type Flow, isPasswordMoved, type Link, subjectKey, zoneOf } from './flow.ts';"),
("import { barredFromUse, type Policy } from './policy.ts';","import type { Policies } from './policies.ts';\nimport { barredFromUse } from './policy.ts';"),
("  readonly policy: Policy;\n","  readonly policies: Policies;\n"),
("const { directory, stores, policy, rules, clock } = this.#needs;","const { directory, stores, policies, rules, clock } = this.#needs;"),
("""    const lockout = await stores.failures.lockout(key, now);
    if (account""","""    const lockout = await stores.failures.lockout(key, now);
    const policy = await policies.match(account, zoneOf(flow));
    if (account"""),
])
# --- sign-in
sub('src/core/sign-in.ts', [
("import { barredFromUse, type Policy } from './policy.ts';","import type { LockoutRules } from './lockout.ts';\nimport type { Policies } from './policies.ts';\nimport { barredFromUse } from './policy.ts';"),
("""    const account = await this.#needs.directory.find(login);
    if""","""    const account = await this.#needs.directory.find(login);
    // Also for nobody: what is wrong with the policies must not tell who is there.
    await this.#needs.policies.match(account, request.zone);
    if"""),
("""    const { directory, failures, policy, clock } = this.#needs;""","""    const { directory, failures, policies, clock } = this.#needs;"""),
("""    // Nobody may find out here whether a password is an administrator's: such an account is never asked about.
    if (barredFromUse(account, policy) !== undefined) return this.#refuse('withheld', account, request);
""","""    const policy = await policies.match(account, request.zone);
    // Nobody may find out here whether a password is an administrator's: such an account is never asked about.
    if (policy === undefined || barredFromUse(account, policy) !== undefined) {
      return this.#refuse('withheld', account, request);
    }
"""),
("""      await this.#bar(account, request);
      return this.#refuse('withheld'""","""      await this.#bar(account, policy.lockout, request);
      return this.#refuse('withheld'"""),
("return this.#wrong(account, tries, request);","return this.#wrong(account, { tries, lockout: policy.lockout }, request);"),
("""  async #wrong(account: Account, tries: number, request: RequestContext): Promise<SignInOutcome> {
    const { policy, outbox, notices, tellAfter } = this.#needs;
    if (tries >= policy.lockout.threshold) {
      await this.#bar(account, request);
""","""  async #wrong(
    account: Account,
    { tries, lockout }: { readonly tries: number; readonly lockout: LockoutRules },
    request: RequestContext,
  ): Promise<SignInOutcome> {
    const { outbox, notices, tellAfter } = this.#needs;
    if (tries >= lockout.threshold) {
      await this.#bar(account, lockout, request);
"""),
("""  async #bar(account: Account, request: RequestContext): Promise<void> {
    const { failures, policy, clock, audit, notices } = this.#needs;""","""  async #bar(account: Account, lockout: LockoutRules, request: RequestContext): Promise<void> {
    const { failures, clock, audit, notices } = this.#needs;"""),
("failures.bar(signInSubject(account), policy.lockout, clock.now(), tell)","failures.bar(signInSubject(account), lockout, clock.now(), tell)"),
("  readonly policy: Policy;\n","  readonly policies: Policies;\n"),
])
# --- actions
sub('src/core/action-runner.ts', [
("import { type Flow, isPasswordMoved, nextStep, quiet } from './flow.ts';","import { type Flow, isPasswordMoved, nextStep, quiet, zoneOf } from './flow.ts';"),
("import { barredFromReset, isOutgrown, type Policy } from './policy.ts';","import type { Policies } from './policies.ts';\nimport { barredFromReset, isOutgrown } from './policy.ts';"),
("  readonly policy: Policy;\n","  readonly policies: Policies;\n"),
("""const accepted: Judged""","""/** Whether a flow may still do what it came for, by what directory, store and policies say now. */
type Standing =
  | { readonly kind: 'eligible'; readonly account: Account }
  | { readonly kind: 'refused' }
  /** Its account's policy now asks for what the flow did not prove: the person walks the new chain. */
  | { readonly kind: 'outgrown' };

const accepted: Judged"""),
("""    if (this.#isOutgrown(flow, action)) return this.#startAgain(flow, request);
    return action === 'reset' ?""","""    const standing = await this.#standing(flow, action);
    if (standing.kind === 'outgrown') return this.#startAgain(flow, request);
    return action === 'reset' ?"""),
("""    if (this.#isOutgrown(flow, 'reset')) return this.#startAgain(flow, request);
    if ((await this.#account(flow)) === undefined) return this.#refuse(flow, request);
""","""    const standing = await this.#standing(flow, 'reset');
    if (standing.kind === 'outgrown') return this.#startAgain(flow, request);
    if (standing.kind === 'refused') return this.#refuse(flow, request);
"""),
("""    const account = await this.#eligible(flow);
    if (account === undefined) return this.#refuse(flow, request);
    const write = await directory.prepareWrite(account);""","""    const standing = await this.#standing(flow, order.action);
    if (standing.kind === 'outgrown') return this.#startAgain(flow, request);
    if (standing.kind === 'refused') return this.#refuse(flow, request);
    const write = await directory.prepareWrite(standing.account);"""),
("""  async #eligible(flow: Flow): Promise<Account | undefined> {
    const { stores, policy, clock } = this.#needs;
    const account = await this.#account(flow);
    if (account === undefined) return undefined;
    const enrolments""","""  /**
   * Reads everything anew. The policy is the one that the account comes under now, in the zone where the flow began: whoever
   * was moved meanwhile is held to the policy that they were moved to.
   */
  async #standing(flow: Flow, action: Action): Promise<Standing> {
    const { stores, policies, clock } = this.#needs;
    const account = await this.#account(flow);
    const policy = await policies.match(account, zoneOf(flow));
    if (account === undefined || policy === undefined) return { kind: 'refused' };
    if (isOutgrown(flow, policy, { action, now: clock.now() })) return { kind: 'outgrown' };
    const enrolments"""),
("""    const replaced = enrolments.some(({ gate, provedAt }) => policy.chain.includes(gate) && provedAt > flow.createdAt);
""","""    const asked = new Set([...policy.chain, ...flow.chain.map(({ gate }) => gate)]);
    const replaced = enrolments.some(({ gate, provedAt }) => asked.has(gate) && provedAt > flow.createdAt);
"""),
("""    return barred === undefined && !replaced && !isPasswordMoved(flow.subject, account) ? account : undefined;
""","""    const isTheirs = barred === undefined && !replaced && !isPasswordMoved(flow.subject, account);
    return isTheirs ? { kind: 'eligible', account } : { kind: 'refused' };
"""),
("""  #isOutgrown(flow: Flow, action: Action): boolean {
    return isOutgrown(flow, this.#needs.policy, { action, now: this.#needs.clock.now() });
  }

""",""),
("""  /** What the policy asks for now was not asked of this flow: the person walks the new chain. */
""",""),
])
