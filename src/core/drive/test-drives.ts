import { randomBytes } from 'node:crypto';
import { type Account, type Identity, identityOf } from '../account.ts';
import { Turns } from '../background/turns.ts';
import type { Clock } from '../clock.ts';
import type { ActionRunner } from '../flow/action-runner.ts';
import { type Flow, isEnded } from '../flow/flow.ts';
import type { FlowRunner } from '../flow/flow-runner.ts';
import type { FlowStarter } from '../flow/flow-starter.ts';
import type { GateDesk } from '../flow/gate-desk.ts';
import type { WayRunner } from '../flow/way-runner.ts';
import { subjectKey } from '../flow-subject.ts';
import { type Login, loginStem, parseLogin } from '../login.ts';
import type { Policies } from '../policies/policies.ts';
import type { RequestContext } from '../request-context.ts';
import type { VisitLimits } from '../visits/visit-limits.ts';
import type { Zone } from '../zone.ts';
import type { DrivePhone } from './test-drive-phone.ts';
import { DriveRecorder, type DriveStep } from './test-drive-recorder.ts';
import { type DriveRecords, stepsSince, traceOf } from './test-drive-remains.ts';
import type { DriveSubject } from './test-drive-subjects.ts';

/** What walks flows. */
export interface DriveParts {
  readonly starter: FlowStarter;
  readonly runner: FlowRunner;
  readonly ways: WayRunner;
  readonly desk: GateDesk;
  readonly actions: ActionRunner;
}

/** A world of its own, in memory, on which one dry run walks. */
export interface DryWorld extends DriveParts {
  readonly phone: DrivePhone;
  /** What the made-up registration answers. */
  readonly answers: readonly { readonly question: string; readonly answer: string }[];
  /** Resolves when nothing is on its way to the phone. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface DryWish {
  readonly account: Account;
  readonly zone: Zone;
  /** The name of a policy that is walked whoever comes under it; absent for the one that the account comes under. */
  readonly policy?: string;
  /** As if every gate were registered; otherwise as it really is. */
  readonly asRegistered: boolean;
  readonly language: string;
  readonly recorder: DriveRecorder;
}

/** One member of staff on one walk. Lives in the memory of this process. */
export interface Drive {
  /** Names it in addresses; of no use to anybody but who began it. */
  readonly id: string;
  /** Account id of the member of staff. */
  readonly by: string;
  readonly account: Identity;
  readonly isSelf: boolean;
  readonly zone: Zone;
  readonly flowId: string;
  /** Of the flow, as in the audit; a dry run's is in none. */
  readonly reference: string;
  readonly parts: DriveParts;
  readonly recorder: DriveRecorder;
  readonly began: Date;
  /** Only of a dry run. */
  readonly dry?: DryWorld;
}

export interface TestDrivesNeeds extends DriveRecords {
  /** What the portals walk on: for live drives. */
  readonly live: DriveParts;
  readonly openDry: (wish: DryWish) => Promise<DryWorld>;
  readonly policies: Pick<Policies, 'explain'>;
  readonly limits: VisitLimits;
  readonly clock: Clock;
  /** Milliseconds of a clock that only goes on. */
  readonly nowMs: () => number;
}

type DryStart = Omit<DryWish, 'recorder' | 'language' | 'account'> & { readonly subject: DriveSubject };

/** Drives at a time in one process; each member of staff has one. */
const mostDrives = 50;
const lifeMs = 2 * 3_600_000;

/** The test drives that are open: begun for somebody who may be driven, found by who began them, and ended. */
export class TestDrives {
  readonly #needs: TestDrivesNeeds;
  readonly #open = new Map<string, Drive>();
  readonly #turns = new Turns();

  constructor(needs: TestDrivesNeeds) {
    this.#needs = needs;
  }

  /**
   * Begins a dry run: nothing of it is written anywhere. One at a time for each member of staff: a world of its own
   * costs memory and time, and whatever is posted at once no more than two of one member are ever there.
   */
  beginDry(by: string, wish: DryStart, request: RequestContext): Promise<Drive> {
    return this.#turns.take(by, () => this.#beginDry(by, wish, request));
  }

  async #beginDry(by: string, wish: DryStart, request: RequestContext): Promise<Drive> {
    const { subject, zone, ...dryWish } = wish;
    const { account } = subject;
    const recorder = await this.#recorder(account, zone, wish.policy);
    const dry = await this.#needs.openDry({ ...dryWish, account, zone, language: request.language, recorder });
    try {
      const started = await dry.starter.reset(loginOf(account), { ...request, zone });
      if (started.kind !== 'started') throw new Error('a dry run is not limited');
      await dry.idle();
      return this.#keep({ by, zone, subject, recorder, parts: dry, dry }, started.flow);
    } catch (fault) {
      await dry.close();
      throw fault;
    }
  }

  /**
   * Begins a real flow, as the portal would: counted, limited, audited.
   * @returns undefined when the limits of visits do not take it
   */
  async beginLive(
    by: string,
    { subject, zone }: { readonly subject: DriveSubject; readonly zone: Zone },
    request: RequestContext,
  ): Promise<Drive | undefined> {
    const { live, limits } = this.#needs;
    const { account } = subject;
    const login = loginOf(account);
    const recorder = await this.#recorder(account, zone);
    const visiting = limits.visit({ kind: 'start', request });
    if ((await visiting.admit(loginStem(login))).kind !== 'admitted') return undefined;
    const started = await live.starter.reset(login, { ...request, zone }, visiting);
    if (started.kind !== 'started') return undefined;
    for (const [gate, own] of Object.entries(started.flow.gates ?? {})) recorder.settings(gate, own);
    return this.#keep({ by, zone, subject, recorder, parts: live }, started.flow);
  }

  /** The drive of this id, when this member of staff began it. */
  find(id: unknown, by: string): Drive | undefined {
    const drive = typeof id === 'string' ? this.#open.get(id) : undefined;
    return drive?.by === by && !this.#isOver(drive) ? drive : undefined;
  }

  /** The one that this member of staff has open. */
  openOf(by: string): Drive | undefined {
    return [...this.#open.values()].find((drive) => drive.by === by && !this.#isOver(drive));
  }

  /** The flow as it stands now. */
  async flow({ parts, flowId }: Drive): Promise<Flow | undefined> {
    const flow = await parts.runner.read(flowId);
    return flow?.step.kind === 'writing' ? parts.actions.resume(flow) : flow;
  }

  /** All that happened so far, in order. */
  async steps(drive: Drive): Promise<readonly DriveStep[]> {
    const { dry, recorder } = drive;
    return dry !== undefined ? recorder.steps : [...recorder.steps, ...(await stepsSince(this.#needs, traceOf(drive)))];
  }

  /** Ends it. What a live flow has sent to the directory goes on. */
  async end(drive: Drive, request?: RequestContext): Promise<void> {
    this.#open.delete(drive.id);
    if (drive.dry !== undefined) return drive.dry.close();
    const flow = request && (await this.flow(drive));
    if (flow !== undefined && request !== undefined && !isEnded(flow.step))
      await drive.parts.runner.cancel(flow, request);
  }

  /** Lets go of all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((drive) => this.end(drive)));
  }

  async #recorder(account: Account, zone: Zone, forced?: string): Promise<DriveRecorder> {
    const recorder = new DriveRecorder(this.#needs.nowMs);
    recorder.policies(await this.#needs.policies.explain(account, zone));
    if (forced !== undefined) recorder.note({ message: { key: 'console.drive.forced', values: { policy: forced } } });
    return recorder;
  }

  async #keep(
    parts: Pick<Drive, 'by' | 'zone' | 'recorder' | 'parts' | 'dry'> & { readonly subject: DriveSubject },
    flow: Flow,
  ): Promise<Drive> {
    const { subject, ...own } = parts;
    // Found once more by its login: it must be the very account that may be driven.
    if (subjectKey(flow.subject) !== subject.account.id) throw new Error('the drive began for somebody else');
    const { id: flowId, reference, createdAt: began } = flow;
    const account = identityOf(subject.account);
    const id = randomBytes(18).toString('base64url');
    const drive: Drive = { id, ...own, account, isSelf: subject.isSelf, flowId, reference, began };
    // Its place is taken before anything is waited for, or two that begin at once would both stay.
    const room = this.#makeRoom(drive.by);
    this.#open.set(id, drive);
    // A world holds a megabyte: it is let go also where nobody begins another. By its id, so that an ended one is not kept.
    setTimeout(() => this.#letGo(id), lifeMs).unref();
    await room;
    return drive;
  }

  #letGo(id: string): void {
    const drive = this.#open.get(id);
    if (drive !== undefined) this.end(drive).catch(() => undefined);
  }

  /** One drive for each member of staff; the oldest go when there are too many. */
  async #makeRoom(by: string): Promise<void> {
    const all = [...this.#open.values()];
    const gone = all.filter((drive) => drive.by === by || this.#isOver(drive));
    const left = all.filter((drive) => !gone.includes(drive));
    const tooMany = left.slice(0, Math.max(0, left.length - mostDrives + 1));
    await Promise.all([...gone, ...tooMany].map((drive) => this.end(drive)));
  }

  #isOver({ began }: Drive): boolean {
    return this.#needs.clock.now().getTime() - began.getTime() >= lifeMs;
  }
}

function loginOf({ name }: Account): Login {
  const login = parseLogin(name);
  if (login === undefined) throw new Error('the account has a name that nobody could type');
  return login;
}
