import { expect } from 'vitest';
import { demoPassword } from '../src/directories/demo/people.ts';
import type { LatchkeyProcess } from './latchkey-process.ts';
import { minuteLater, Operation, samName, until } from './operation-world.ts';
import { Visitor } from './portals/visitor.ts';

export const administrator = 'ivan.keller';
export const numbers: Readonly<Record<string, string>> = {
  [administrator]: '+447700900101',
  [samName]: '+447700900102',
};

/** A console whose second factor is a text, and one account that it may drive. */
function settings(operation: Operation): object {
  return {
    providers: { mail: operation.mails, texts: operation.texts },
    channels: { email: ['mail'], sms: ['texts'] },
    policies: [{ name: 'everyone', members: 'everyone', chain: ['otp-sms'] }],
    organisation: { name: 'Contoso', 'time-zone': 'UTC' },
    gates: { 'otp-sms': { 'default-country': 'GB', 'seconds-between-sends': 10 } },
    console: {
      'public-url': `http://localhost:${operation.consolePort}`,
      port: operation.consolePort,
      roles: { administrators: ['Latchkey administrators'], auditors: [], helpdesk: [] },
      'second-factor': ['otp-sms'],
      'test-accounts': [samName],
    },
  };
}

/** A console with somebody of the staff, and the account that may be driven; both have registered their numbers. */
export class Stage {
  readonly operation: Operation;
  readonly visitor: Visitor;
  server: LatchkeyProcess;

  static async open(): Promise<Stage> {
    const operation = await Operation.begin(settings);
    const stage = new Stage(operation, await operation.server());
    for (const login of [administrator, samName]) await stage.#register(login);
    return stage;
  }

  private constructor(operation: Operation, server: LatchkeyProcess) {
    this.operation = operation;
    this.server = server;
    const { consolePort } = operation;
    this.visitor = new Visitor(`http://127.0.0.1:${consolePort}`, { Host: `localhost:${consolePort}` });
  }

  /** Texts that ever went out to somebody. */
  texts(login: string): number {
    return this.operation.gateway.messages.filter(({ to }) => to === numbers[login]).length;
  }

  /** The code of the text that comes after so many. */
  async code(login: string, before: number): Promise<string> {
    await until(() => this.texts(login) > before);
    const own = this.operation.gateway.messages.filter(({ to }) => to === numbers[login]);
    return /\d{6}/.exec(own.at(-1)?.text ?? '')?.[0] ?? '';
  }

  async password(): Promise<void> {
    await this.visitor.open('/console');
    await this.visitor.submit({ login: administrator, password: demoPassword });
  }

  async signIn(): Promise<void> {
    const before = this.texts(administrator);
    await this.password();
    await this.visitor.submit({ code: await this.code(administrator, before) }, 'act=next');
    expect(this.visitor.path).toBe('/');
  }

  /** Sends the form and ends the process while it is being handled. */
  async killDuring(form: { readonly path: string; readonly body: string }, isThere: () => boolean | Promise<boolean>) {
    const lost = this.visitor.ask({ method: 'post', ...form });
    lost.catch(() => undefined);
    await until(isThere);
    await this.kill();
    await expect(lost).rejects.toThrow();
  }

  async kill(): Promise<void> {
    this.server.signal('SIGKILL');
    expect((await this.server.ended).signal).toBe('SIGKILL');
  }

  async restart(at: string = minuteLater): Promise<void> {
    this.operation.endLeases();
    this.server = await this.operation.server(['--import', at]);
  }

  events(): readonly unknown[] {
    return this.operation.rows('select event from audit order by sequence').map(({ event }) => event);
  }

  /** Presses what stands below what became of a drive. */
  async readIt(): Promise<void> {
    const $ = this.visitor.page;
    await this.visitor.post($('form[action^="/drive/end/"]').attr('action') ?? '', {});
    await this.visitor.open('/drive');
  }

  count(event: string): number {
    return this.events().filter((one) => one === event).length;
  }

  async #register(login: string): Promise<void> {
    const person = await new Visitor(this.operation.origin).open('/registration');
    await person.submit({ login, password: demoPassword });
    const before = this.texts(login);
    await person.submit({ number: numbers[login] ?? '' }, 'act=next');
    await person.submit({ code: await this.code(login, before) }, 'act=next');
    expect(person.path).toBe('/registration/done');
  }
}
