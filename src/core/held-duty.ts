import type { Clock } from './clock.ts';
import type { Duty, DutyName, DutyStore } from './stores.ts';

export interface HeldDutyNeeds {
  readonly duties: DutyStore;
  readonly clock: Clock;
  /** This node, unlike every other. */
  readonly node: string;
}

type Moved = Parameters<DutyStore['move']>[2];

/** One duty as this node takes it, keeps it and gives it back. */
export class HeldDuty {
  readonly #name: DutyName;
  readonly #needs: HeldDutyNeeds;
  readonly #holdMs: number;

  /** @param holdMs milliseconds that the node has it without a sign of life: longer than one step takes */
  constructor(name: DutyName, { duties, clock, node }: HeldDutyNeeds, holdMs: number) {
    this.#name = name;
    this.#needs = { duties, clock, node };
    this.#holdMs = holdMs;
  }

  /** How far it has come, whoever has it. A look costs no write. */
  read(): Promise<Duty> {
    return this.#needs.duties.read(this.#name);
  }

  /** Takes or keeps it. Returns how far it has come, or undefined while another node has it. */
  take(): Promise<Duty | undefined> {
    return this.#hold(this.#holdMs);
  }

  /** As `DutyStore.move`: false when another node has it by now. */
  move(position: number, tell: NonNullable<Moved['tell']> = []): Promise<boolean> {
    const { duties, clock, node } = this.#needs;
    return duties.move(this.#name, node, { position, now: clock.now(), tell });
  }

  /** Lets another node have it at once. Never throws: the time ends by itself. */
  async giveBack(): Promise<void> {
    await this.#hold(0).catch(() => undefined);
  }

  #hold(milliseconds: number): Promise<Duty | undefined> {
    const { duties, clock, node } = this.#needs;
    const now = clock.now();
    return duties.hold(this.#name, node, { now, until: new Date(now.getTime() + milliseconds) });
  }
}
