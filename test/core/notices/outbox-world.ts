import { randomBytes } from 'node:crypto';
import { NoticeDesk } from '../../../src/core/notices/notice-desk.ts';
import type { NoticeEvent } from '../../../src/core/notices/notices.ts';
import { type OutboxFailure, OutboxWorker, type OutboxWorkerNeeds } from '../../../src/core/notices/outbox-worker.ts';
import type { Courier, CourierMessage, DeliveryResult } from '../../../src/core/provider.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { SettableClock } from '../../settable-clock.ts';

/** An outbox on a real database in memory, with a clock that a test moves. */
export class OutboxWorld {
  readonly clock: SettableClock;
  readonly failures: OutboxFailure[] = [];
  readonly stores: Stores;
  readonly desk: NoticeDesk;

  static async open(): Promise<OutboxWorld> {
    const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
    const clock = new SettableClock();
    const stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 5_000 }, { sealer, clock });
    await stores.migrate();
    return new OutboxWorld(stores, clock);
  }

  private constructor(stores: Stores, clock: SettableClock) {
    this.clock = clock;
    this.stores = stores;
    this.desk = new NoticeDesk({
      clock,
      enrolments: stores.enrolments,
      canText: false,
      byText: false,
      wake: () => undefined,
    });
  }

  worker(couriers: OutboxWorkerNeeds['couriers'], changes: Partial<OutboxWorkerNeeds> = {}): OutboxWorker {
    return new OutboxWorker({
      store: this.stores.outbox,
      couriers,
      write: async ({ event }) => ({ language: 'en', subject: event.kind, text: `about ${event.kind}` }),
      audit: this.stores.audit,
      clock: this.clock,
      patienceMs: 15_000,
      report: (failure) => this.failures.push(failure),
      ...changes,
    });
  }

  /** Puts a notice to this address into the outbox, as a flow would. */
  async tell(mail: string | undefined, event: NoticeEvent = { kind: 'reset' }): Promise<string> {
    const account = { id: 'ana', name: 'CONTOSO\\ana', samName: 'ana', displayName: 'Ana', ...(mail ? { mail } : {}) };
    const rows = await this.desk.rows({ subject: { kind: 'account', account }, event, reference: 'a-flow' });
    await this.stores.outbox.put(rows);
    return rows[0]?.id ?? '';
  }

  /** One turn, to its end. */
  async turn(worker: OutboxWorker): Promise<void> {
    worker.wake();
    await worker.idle();
  }

  /** What the audit says of notices, oldest first. */
  async audited(): Promise<readonly string[]> {
    const rows = await this.stores.audit.about('ana', 100);
    return rows.map(({ event }) => event).reverse();
  }
}

/** A courier that does what it is told, and remembers what arrived. */
export class TestCourier implements Courier {
  readonly id = 'test';
  readonly channels = ['email', 'sms'] as const;
  readonly arrived: CourierMessage[] = [];
  /** Decides what becomes of a message. */
  does: (message: CourierMessage) => Promise<DeliveryResult> = async () => ({ kind: 'delivered' });

  async deliver(message: CourierMessage): Promise<DeliveryResult> {
    const result = await this.does(message);
    if (result.kind === 'delivered') this.arrived.push(message);
    return result;
  }
}
