import { readFileSync, statSync } from 'node:fs';
import { Misconfigured } from '../../core/errors.ts';
import { Outage, type Report } from './outage.ts';

export interface ChangingFileNeeds<T> {
  readonly file: string;
  /** What the configuration calls it, for the operator. */
  readonly setting: string;
  /** Makes of the text what is used; throws when it is not fit for use. */
  readonly parse: (text: string) => T;
  readonly report: Report;
}

/**
 * What stands in a file that may change while Latchkey runs, such as certificates or a password: looked at whenever it
 * is needed. While the file cannot be read or is broken, what it held before goes on, and the operator is told.
 */
export class ChangingFile<T> {
  readonly #needs: ChangingFileNeeds<T>;
  readonly #outage: Outage;
  #value: T;
  #version: string;

  /** @throws Misconfigured when the file cannot be used now */
  constructor(needs: ChangingFileNeeds<T>) {
    this.#needs = needs;
    this.#outage = new Outage(needs.setting, needs.report);
    try {
      this.#version = versionOf(needs.file);
      this.#value = needs.parse(readFileSync(needs.file, 'utf8'));
    } catch (error) {
      throw new Misconfigured(`${needs.setting} ${needs.file} cannot be used: ${wordsOf(error)}`, error);
    }
  }

  /** The same object as long as the file stays as it is. */
  get value(): T {
    const { file, parse } = this.#needs;
    try {
      const version = versionOf(file);
      if (version !== this.#version) {
        // A broken file is read once, not at every use.
        this.#version = version;
        this.#value = parse(readFileSync(file, 'utf8'));
        this.#outage.end(`${file} was read again`);
      }
    } catch (error) {
      this.#outage.begin('alarm', `${file} cannot be used, what it held before goes on: ${wordsOf(error)}`);
    }
    return this.#value;
  }
}

function versionOf(file: string): string {
  const { mtimeNs, size, ino } = statSync(file, { bigint: true });
  return `${mtimeNs} ${size} ${ino}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
