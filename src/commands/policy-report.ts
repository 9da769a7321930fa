import path from 'node:path';
import type { Message } from '../core/message.ts';
import type { PolicyFinding } from '../core/policies/policy-checks.ts';
import type { PolicyVersionHead } from '../core/policies/policy-store.ts';
import type { ListProblem } from '../core/policies/stored-policies.ts';
import { Catalogue } from '../web/catalogue.ts';
import { sayPolicyMessage } from '../web/policy-messages.ts';
import { findingLine } from './finding-line.ts';

const locales = path.resolve(import.meta.dirname, '../locales');

/** Says what the policy commands found, in lines for a terminal. */
export class PolicyReport {
  readonly #t = Catalogue.load({ folder: locales, tags: ['en'] }).in('en');

  changes(messages: readonly Message[]): readonly string[] {
    return messages.length === 0 ? ['It means the same as the list in force.'] : messages.map((one) => this.#say(one));
  }

  findings(findings: readonly PolicyFinding[]): readonly string[] {
    return findings.map(({ level, message }) =>
      findingLine({ level, subject: 'policies', detail: this.#say(message) }),
    );
  }

  problems(problems: readonly ListProblem[]): readonly string[] {
    return problems.map(({ setting, problem }) =>
      findingLine({ level: 'problem', subject: setting, detail: plain(problem) }),
    );
  }

  conflict(newest: PolicyVersionHead, changes: readonly Message[]): readonly string[] {
    const { version, at, by, byName } = newest;
    return [
      `${plain(byName === '' ? by : byName)} saved version ${version} on ${at.toISOString()}, after the one that this is based on:`,
      ...changes.map((one) => `  ${this.#say(one)}`),
      'Export it and write your changes upon it, or give --based-on to replace it.',
    ];
  }

  #say(message: Message): string {
    return plain(sayPolicyMessage(this.#t, message));
  }
}

/** The isolates that keep a value's direction in a browser are nothing to a terminal, nor may a value move its cursor. */
function plain(text: string): string {
  return text.replaceAll(/[\u2066-\u2069]/g, '').replaceAll(/[\p{Cc}\p{Cf}]/gu, '�');
}
