import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import type { Account } from '../../../src/core/account.ts';
import type { Directory, PreparedWrite, WriteResult } from '../../../src/core/directory.ts';
import { BadRequest, Unavailable } from '../../../src/core/errors.ts';
import { ActionRunner } from '../../../src/core/flow/action-runner.ts';
import { Enroller } from '../../../src/core/flow/enroller.ts';
import { type Flow, isEnded } from '../../../src/core/flow/flow.ts';
import { FlowAudit } from '../../../src/core/flow/flow-audit.ts';
import { FlowRunner } from '../../../src/core/flow/flow-runner.ts';
import { FlowStarter } from '../../../src/core/flow/flow-starter.ts';
import { GateDesk } from '../../../src/core/flow/gate-desk.ts';
import { Registrations } from '../../../src/core/flow/registrations.ts';
import { WayRunner } from '../../../src/core/flow/way-runner.ts';
import { otherWays } from '../../../src/core/flow/ways.ts';
import { WriteDesk } from '../../../src/core/flow/write-desk.ts';
import type { Gate, GateContext, Step, Verdict } from '../../../src/core/gate.ts';
import type { Action } from '../../../src/core/journal.ts';
import { Policies, pinnedPolicies } from '../../../src/core/policies/policies.ts';
import type { Policy } from '../../../src/core/policies/policy.ts';
import { StaffPolicies } from '../../../src/core/policies/staff-policies.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { untroubled } from '../../account-state.ts';
import { forEverybody } from '../../for-everybody.ts';
import { SettableClock } from '../../settable-clock.ts';

export interface FlowWish {
  readonly browser: number;
  /** Acts on the flow as it stood when somebody last looked, however much has happened since. */
  readonly stale: boolean;
  /** How slow the gate or the directory is. */
  readonly turns: number;
  /** Which of the other ways is taken. */
  readonly way?: number;
  readonly act:
    | Said
    | 'choose-reset'
    | 'choose-unlock'
    | 'password'
    | 'mismatch'
    | 'back'
    | 'switch'
    | 'cancel'
    | 'look'
    | 'recover'
    | 'start'
    | 'disable'
    | 'enable'
    | 'bar'
    | 'wait'
    | 'wait-long';
  /** What the directory makes of a write. */
  readonly write: 'done' | 'refused' | 'lost-done' | 'lost-undone' | 'not-sent' | 'fault';
}

/** The policy, and which of its gates the person has. */
export interface PolicyWish {
  readonly chain: readonly string[];
  readonly needed?: number | undefined;
  readonly unlockAfter?: number | undefined;
  readonly enrolled?: readonly string[] | undefined;
}

type Said = 'passed' | 'wrong' | 'more' | 'refused' | 'fault';
const said: readonly string[] = ['passed', 'wrong', 'more', 'refused', 'fault'] satisfies readonly Said[];

export const walkThreshold = 3;
const request = {
  address: '192.0.2.1',
  correlation: 'test',
  language: 'en',
  zone: 'extranet',
  host: 'reset.example',
} as const;

/** One happening under way: what it wants of the fakes, and when its try was counted. */
interface Doing {
  readonly wish: FlowWish;
  epoch: number;
}

/**
 * The real runners on a real store, with gates and a directory that do as they are told and write down every rule of
 * the flow that they see broken.
 */
export class FlowWorld {
  readonly broken: string[] = [];
  writes = 0;
  wrong = 0;
  ended = 0;
  bars = 0;
  readonly #clock: SettableClock;
  readonly #account: { id: string; disabled: boolean; stamp: number; locked: boolean };
  readonly #policy: Policy;
  readonly #enrolled: readonly string[];
  readonly #ways: WayRunner;
  /** Gates that were opened, by flow. */
  readonly #opened = new Map<string, Set<string>>();
  switches = 0;
  short = 0;
  readonly #stores: Stores;
  readonly #doing = new AsyncLocalStorage<Doing>();
  readonly #browsers = new Map<number, { id: string; seen: Flow }>();
  /** Gates that said "passed", by flow. */
  readonly #passed = new Map<string, Set<string>>();
  readonly #versions = new Map<string, number>();
  readonly #ends = new Map<string, string>();
  readonly #flowOf = new Map<PreparedWrite, string>();
  readonly #applied = new Set<string>();
  /** Wrong answers that were judged, by gate and by what was forgiven before they were counted. */
  readonly #judged = new Map<string, number>();
  #epoch = 0;
  readonly #starter: FlowStarter;
  readonly #runner: FlowRunner;
  readonly #actions: ActionRunner;
  readonly #writes: WriteDesk;

  static async open(wish: PolicyWish & { accountId: string; secret: Buffer }): Promise<FlowWorld> {
    const clock = new SettableClock();
    const sealer = createSealer({ keys: [{ id: 'test', secret: wish.secret }] });
    const stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 1000 }, { sealer, clock });
    await stores.migrate();
    for (const gate of wish.enrolled ?? wish.chain) {
      await stores.enrolments.keep({ accountId: wish.accountId, gate, data: {}, provedAt: new Date(0) });
    }
    return new FlowWorld({ ...wish, clock, stores, mac: (purpose, text) => sealer.mac(purpose, text) });
  }

  private constructor(
    parts: PolicyWish & {
      accountId: string;
      clock: SettableClock;
      stores: Stores;
      mac: (purpose: string, text: string) => string;
    },
  ) {
    const { chain, clock, mac, needed, unlockAfter } = parts;
    this.#enrolled = parts.enrolled ?? chain;
    this.#clock = clock;
    this.#account = { id: parts.accountId, disabled: false, stamp: 1_000_000, locked: true };
    this.#policy = {
      ...forEverybody,
      chain,
      ...(needed === undefined ? {} : { needed }),
      ...(unlockAfter === undefined ? {} : { unlockAfter }),
      actions: ['unlock', 'reset'],
      lockout: { threshold: walkThreshold, minutes: 15, barsUntilPermanent: 100 },
      flowSeconds: 1200,
      privileged: false,
      unknownLogins: 'decoy',
    };
    this.#stores = this.#watched(parts.stores);
    const stores = this.#stores;
    const directory = this.#directory();
    const policies = new Policies({ source: pinnedPolicies([this.#policy]), directory, clock, mac });
    const gates = new Map(chain.map((id) => [id, this.#gate(id)]));
    const audit = new FlowAudit({ audit: stores.audit, clock });
    const desk = new GateDesk({ gates, stores, audit });
    const notices = { rows: async () => [], wake: () => undefined };
    const rules = { freshMs: 600_000, holdMs: 0, holdFirst: false };
    const registrations = new Registrations({ policies, zones: ['extranet'], issued: [], asksMore: () => false });
    const enroller = new Enroller({ desk, directory, stores, registrations, rules, audit, notices, clock });
    const screen = {
      minLength: 0,
      knowsLeaked: false,
      organisation: 'Contoso',
      judge: async () => ({ refusals: [], unchecked: false }),
    };
    const staffPolicies = new StaffPolicies({ policies });
    this.#starter = new FlowStarter({
      knowledge: ['three'],
      strongestFirst: chain,
      desk,
      stores,
      directory,
      policies,
      staffPolicies,
      registrations,
      audit,
      clock,
      mac,
    });
    this.#runner = new FlowRunner({ desk, enroller, stores, audit, notices, clock, tellAfter: 5 });
    this.#ways = new WayRunner({ desk, stores, audit, clock });
    this.#writes = new WriteDesk({
      stores,
      directory,
      audit,
      notices,
      clock,
      writePatienceMs: 30_000,
      mustChange: () => undefined,
    });
    this.#actions = new ActionRunner({ stores, desk, directory, policies, screen, audit, writes: this.#writes, clock });
  }

  async start(browser: number): Promise<void> {
    const started = await this.#starter.reset({ kind: 'bare', name: 'anna' }, request);
    if (started.kind !== 'started') throw new Error(started.kind);
    this.#browsers.set(browser, { id: started.flow.id, seen: started.flow });
  }

  /** What is expected to fail may fail; anything else ends the test. */
  async happen(wish: FlowWish): Promise<void> {
    try {
      await this.#doing.run({ wish, epoch: this.#epoch }, () => this.#do(wish));
    } catch (fault) {
      if (!(fault instanceof BadRequest || fault instanceof Unavailable || fault === broken)) throw fault;
    }
  }

  /** Passes so many gates, one after the other. */
  async walk(browser: number, gates: number): Promise<void> {
    const ahead = { browser, stale: false, turns: 0, act: 'passed', write: 'done' } as const;
    for (let gate = 0; gate < gates; gate += 1) await this.happen(ahead);
  }

  /** Looks at every flow there is. */
  async look(): Promise<void> {
    for (const browser of this.#browsers.values()) {
      const flow = await this.#stores.flows.read(browser.id);
      if (flow === undefined) this.broken.push('a flow is gone');
      else browser.seen = this.#looked(flow);
    }
  }

  /** Where the browsers' flows stand. */
  async standing(): Promise<readonly string[]> {
    await this.look();
    return [...this.#browsers.values()].map(({ seen }) => seen.step.kind);
  }

  close(): Promise<void> {
    return this.#stores.close();
  }

  async #do(wish: FlowWish): Promise<unknown> {
    const { act, browser } = wish;
    if (act === 'wait' || act === 'wait-long') return this.#clock.pass(act === 'wait' ? 40 : 1000);
    if (act === 'disable' || act === 'enable') return Object.assign(this.#account, { disabled: act === 'disable' });
    if (act === 'bar') return this.#stores.failures.bar(this.#account.id, this.#policy.lockout, this.#clock.now());
    if (act === 'recover') return this.#writes.recover();
    const held = this.#browsers.get(browser);
    if (act === 'start' || held === undefined) return this.start(browser);
    const flow = wish.stale ? held.seen : await this.#runner.read(held.id);
    if (flow === undefined) return undefined;
    if (said.includes(act)) return this.#runner.answer(flow, { say: act }, request);
    if (act === 'cancel') return this.#runner.cancel(flow, request);
    if (act === 'choose-reset') return this.#actions.choose(flow, 'reset', request);
    if (act === 'choose-unlock') return this.#actions.choose(flow, 'unlock', request);
    if (act === 'back') return flow.step.kind === 'gate' ? this.#ways.back(flow) : this.#actions.back(flow);
    if (act === 'switch') return this.#switch(flow, wish.way ?? 0);
    if (act === 'look') return this.#actions.resume(flow);
    const repeat = act === 'mismatch' ? 'another' : 'Correct-Horse-7';
    return this.#actions.setPassword(flow, { password: 'Correct-Horse-7', repeat }, request);
  }

  /** To any gate at all, mostly one that is offered. */
  async #switch(flow: Flow, way: number): Promise<unknown> {
    const ways = [...otherWays(flow), ...this.#policy.chain, 'elsewhere'];
    const to = ways[way % ways.length] ?? '';
    const after = await this.#ways.switchGate(flow, to, request);
    if (after.step.kind === 'gate' && after.chain[after.step.at]?.gate === to) this.switches += 1;
    return after;
  }

  #looked(flow: Flow): Flow {
    const { reference, step, version } = flow;
    const stands = `${version} ${JSON.stringify(step)}`;
    const end = this.#ends.get(reference);
    if (end !== undefined && end !== stands) this.broken.push(`an ended flow moved from ${end} to ${stands}`);
    if (end === undefined && isEnded(step)) {
      this.#ends.set(reference, stands);
      this.ended += 1;
    }
    const before = this.#versions.get(reference) ?? 0;
    if (version < before) this.broken.push(`a version went from ${before} to ${version}`);
    this.#versions.set(reference, version);
    const isShort = step.kind === 'choose' || (step.kind === 'writing' && step.action === 'unlock');
    const isUnlocked = step.kind === 'done' && step.action === 'unlock';
    const isBeyond = ['choose', 'password', 'writing', 'done'].includes(step.kind);
    if (isBeyond && !this.#hasPassed(reference, isShort || isUnlocked ? 'unlock' : 'reset')) {
      this.broken.push(`${step.kind} without enough gates`);
    }
    if (step.kind === 'choose' && step.at === undefined && !this.#hasPassed(reference, 'reset')) {
      this.broken.push('a choice of a reset without enough gates');
    }
    if (step.kind === 'gate' && (this.#passed.get(reference)?.size ?? 0) < step.at) this.broken.push('a gate skipped');
    return flow;
  }

  #hasPassed(reference: string, action: Action): boolean {
    const passed = this.#passed.get(reference);
    const { chain, needed, unlockAfter } = this.#policy;
    const enough = action === 'unlock' ? (unlockAfter ?? needed ?? chain.length) : (needed ?? chain.length);
    if (needed === undefined) return chain.slice(0, enough).every((gate) => passed?.has(gate));
    return chain.filter((gate) => passed?.has(gate)).length >= enough;
  }

  #gate(id: string): Gate {
    const step: Step = {
      form: z.object({ say: z.string() }),
      open: async ({ flowReference }) => {
        const opened = this.#opened.get(flowReference) ?? new Set();
        if (opened.has(id)) this.broken.push(`${id} was opened twice: it would have sent twice`);
        this.#opened.set(flowReference, opened.add(id));
        return { of: id };
      },
      show: async () => ({ view: 'verify', data: {} }),
      answer: async (_input, context) => this.#judge(id, context),
    };
    return { id, verify: step, enrol: step };
  }

  async #judge(gate: string, context: GateContext): Promise<Verdict> {
    const doing = this.#doing.getStore();
    for (let at = 0; at < (doing?.wish.turns ?? 0); at += 1) await turn();
    if (JSON.stringify(context.memory) !== JSON.stringify({ of: gate })) this.broken.push(`${gate} forgot itself`);
    if (context.subject.kind === 'account' && !this.#enrolled.includes(gate)) this.broken.push('no decoy at a gate');
    const memory = { of: gate };
    switch (doing?.wish.act) {
      case 'passed': {
        if (context.subject.kind === 'decoy') return { kind: 'wrong', memory, problem: { message: { key: 'x' } } };
        const passed = this.#passed.get(context.flowReference) ?? new Set();
        this.#passed.set(context.flowReference, passed.add(gate));
        return { kind: 'passed' };
      }
      case 'wrong': {
        if (context.subject.kind === 'account') this.#countWrong(`${gate} ${doing.epoch}`);
        return { kind: 'wrong', memory, problem: { message: { key: 'x' } } };
      }
      case 'more':
        return { kind: 'more', memory };
      case 'refused':
        return { kind: 'refused', reason: 'not me' };
      default:
        throw broken;
    }
  }

  #countWrong(key: string): void {
    const count = (this.#judged.get(key) ?? 0) + 1;
    this.#judged.set(key, count);
    this.wrong += 1;
    if (count > walkThreshold) this.broken.push(`${count} wrong answers judged at ${key}`);
  }

  /** The store itself, with an eye on what passes through it. */
  #watched(stores: Stores): Stores {
    const { failures, flows, journal } = stores;
    const forgiving = <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) => {
      return async (...args: Args): Promise<Result> => {
        const result = await method(...args);
        this.#epoch += 1;
        return result;
      };
    };
    const clear = failures.clear.bind(failures);
    const count = failures.count.bind(failures);
    const bar = forgiving(failures.bar.bind(failures));
    const save = flows.save.bind(flows);
    const intend = journal.intend.bind(journal);
    const saved = new Map<string, number>();
    Object.assign(failures, {
      clear: forgiving(async (subject: string, gate?: string) => {
        const whole = [...this.#passed.keys()].some((reference) => this.#hasPassed(reference, 'reset'));
        if (gate === undefined && !whole) this.broken.push('everything was forgiven for a shorter way');
        return clear(subject, gate);
      }),
      bar: async (...args: Parameters<typeof bar>) => {
        if (args[0] === this.#account.id) this.bars += 1;
        return bar(...args);
      },
      count: async (...args: Parameters<typeof count>) => {
        const doing = this.#doing.getStore();
        const tries = await count(...args);
        if (doing !== undefined) doing.epoch = this.#epoch;
        return tries;
      },
    });
    Object.assign(flows, {
      save: async (flow: Flow) => {
        const result = await save(flow);
        if (result === undefined) return result;
        if (result.version <= (saved.get(flow.id) ?? 0)) this.broken.push('two saves of one version');
        saved.set(flow.id, result.version);
        return result;
      },
    });
    Object.assign(journal, {
      intend: async (entry: Parameters<typeof intend>[0]) => {
        this.#flowOf.set(entry.write, entry.flowReference);
        if (!this.#hasPassed(entry.flowReference, entry.action)) this.broken.push('a write without enough gates');
        return intend(entry);
      },
    });
    return stores;
  }

  async #write(write: PreparedWrite, action: Action, change: () => void): Promise<WriteResult> {
    const doing = this.#doing.getStore();
    const reference = this.#flowOf.get(write);
    if (reference === undefined || !this.#hasPassed(reference, action))
      this.broken.push('a write without enough gates');
    for (let at = 0; at < (doing?.wish.turns ?? 0); at += 1) await turn();
    const how = doing?.wish.write;
    if (how === 'not-sent') throw new Unavailable('no server');
    if (how === 'fault') throw broken;
    if (how === 'refused') return { kind: 'refused', reason: 'policy' };
    if (how === 'lost-undone') return { kind: 'unknown', detail: 'cut' };
    change();
    this.writes += 1;
    if (reference !== undefined && !this.#hasPassed(reference, 'reset')) this.short += 1;
    if (this.#applied.has(reference ?? '')) this.broken.push('a second write of one flow');
    this.#applied.add(reference ?? '');
    return how === 'lost-done' ? { kind: 'unknown', detail: 'cut' } : { kind: 'done' };
  }

  #directory(): Directory {
    const account = this.#account;
    const read = async (): Promise<Account> => ({
      id: account.id,
      name: 'CONTOSO\\anna',
      samName: 'anna',
      displayName: 'Anna',
      state: {
        ...untroubled,
        locked: account.locked,
        disabled: account.disabled,
        passwordLastSet: new Date(account.stamp),
      },
    });
    const stands = async () => ({
      passwordLastSet: String(account.stamp),
      lockoutTime: account.locked ? '1' : '0',
    });
    const unlocked = { locked: false };
    return {
      domain: 'CONTOSO',
      find: read,
      read,
      passwordPolicy: async () => ({
        source: 'domain',
        minLength: 7,
        complexity: false,
        historyLength: 0,
        minAgeSeconds: 0,
        lockoutThreshold: 0,
        lockoutWindowSeconds: 0,
        hintsEnforced: false,
      }),
      prepareWrite: async () => ({ accountId: account.id, server: 'dc', ...(await stands()) }),
      unlock: (write: PreparedWrite) => this.#write(write, 'unlock', () => Object.assign(account, unlocked)),
      resetPassword: (write: PreparedWrite) =>
        this.#write(write, 'reset', () => Object.assign(account, unlocked, { stamp: account.stamp + 1000 })),
      observe: stands,
    } as unknown as Directory;
  }
}

/** What a gate or a directory throws that nobody foresaw. */
const broken = new Error('broken');
