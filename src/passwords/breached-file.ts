import { type FileHandle, open } from 'node:fs/promises';
import { Misconfigured, Unavailable } from '../core/errors.ts';
import type { KnownPasswords } from '../core/password-screen.ts';
import { listedHash } from './hash.ts';

/** Octets that are read at once; a line has some fifty. */
const block = 4096;
/** Places that are looked at when the file is opened. */
const probes = 64;
const line = /^([0-9A-Fa-f]{40}):\d{1,12}$/;
const newline = 0x0a;

/**
 * Leaked passwords in a file as the downloader of Have I Been Pwned makes it: lines `SHA-1:COUNT`, sorted. It is searched
 * where it lies, by halving: some thirty small reads for 40 GB, and nothing of it is kept in memory.
 * The file that was opened is read until the end of the process, also when another takes its name.
 */
export class BreachedFile implements KnownPasswords {
  readonly #file: FileHandle;
  readonly #name: string;
  readonly #size: number;

  /** Throws Misconfigured when the file is missing, empty, or not what it should be at the places that are looked at. */
  static async open(name: string): Promise<BreachedFile> {
    const file = await open(name).catch((fault: NodeJS.ErrnoException) => {
      throw new Misconfigured(`password.breached.file: ${name} cannot be read (${fault.code})`);
    });
    try {
      const facts = await file.stat();
      if (!facts.isFile()) throw new Misconfigured(`password.breached.file: ${name} is not a file`);
      const breached = new BreachedFile(file, name, facts.size);
      await breached.#check();
      return breached;
    } catch (fault) {
      await file.close();
      throw fault;
    }
  }

  private constructor(file: FileHandle, name: string, size: number) {
    this.#file = file;
    this.#name = name;
    this.#size = size;
  }

  /** Rejects with Unavailable when the file cannot be read any more or holds something else where it was read. */
  async has(password: string): Promise<boolean> {
    const wanted = listedHash(password);
    let from = 0;
    let to = this.#size;
    // Between `from`, where a line begins, and `to`, where one begins or the file ends.
    while (to - from > block) {
      const middle = from + Math.floor((to - from) / 2);
      const found = await this.#lineAfter(middle, to);
      if (found === undefined) to = await this.#lineStart(middle, from);
      else if (found.hash === wanted) return true;
      else if (found.hash < wanted) from = found.end;
      else to = found.start;
    }
    const rest = await this.#read(from, to - from);
    return rest
      .split('\n')
      .filter((text) => text !== '' && text !== '\r')
      .some((text) => this.#hashOf(text) === wanted);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #check(): Promise<void> {
    const wrong = (why: string): never => {
      throw new Misconfigured(
        `password.breached.file: ${this.#name} ${why}; wanted are sorted lines of a SHA-1 hash, a colon and a count`,
      );
    };
    if (this.#size === 0) wrong('is empty');
    let before = '';
    try {
      before = this.#hashOf((await this.#read(0, block)).split('\n')[0] ?? '');
      for (let probe = 1; probe <= probes; probe += 1) {
        const found = await this.#lineAfter(Math.max(0, Math.floor((this.#size / probes) * probe) - 1), this.#size);
        if (found === undefined) continue;
        if (found.hash < before) wrong('is not sorted');
        before = found.hash;
      }
      const tail = await this.#read(Math.max(0, this.#size - block), block);
      const last = tail.trimEnd().split('\n').at(-1) ?? '';
      if (this.#hashOf(last) < before) wrong('is not sorted');
    } catch (fault) {
      if (fault instanceof Unavailable) wrong('holds something else');
      throw fault;
    }
  }

  /** The first whole line that begins after a place; undefined when none does before `to`. */
  async #lineAfter(place: number, to: number): Promise<{ hash: string; start: number; end: number } | undefined> {
    const bytes = await this.#bytes(place, block);
    const at = bytes.indexOf(newline);
    if (at < 0 && place + bytes.length < this.#size) throw this.#damaged();
    const start = place + at + 1;
    if (at < 0 || start >= to) return undefined;
    const next = bytes.indexOf(newline, at + 1);
    const end = next < 0 ? bytes.length : next;
    return { hash: this.#hashOf(bytes.toString('latin1', at + 1, end)), start, end: Math.min(place + end + 1, to) };
  }

  /** Where the line begins that a place stands in, looking back no further than `from`. */
  async #lineStart(place: number, from: number): Promise<number> {
    const start = Math.max(from, place - block);
    const bytes = await this.#bytes(start, place - start);
    const at = bytes.lastIndexOf(newline);
    if (at < 0 && start > from) throw this.#damaged();
    return at < 0 ? from : start + at + 1;
  }

  #hashOf(text: string): string {
    const hash = line.exec(text.replace(/\r$/, ''))?.[1];
    if (hash === undefined) throw this.#damaged();
    return hash.toUpperCase();
  }

  async #read(position: number, length: number): Promise<string> {
    return (await this.#bytes(position, length)).toString('latin1');
  }

  async #bytes(position: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.#size - position);
    const { bytesRead, buffer } = await this.#file
      .read(Buffer.alloc(wanted), 0, wanted, position)
      .catch((fault: NodeJS.ErrnoException) => {
        throw new Unavailable(`the file of leaked passwords cannot be read (${fault.code})`);
      });
    if (bytesRead < wanted) throw this.#damaged();
    return buffer;
  }

  #damaged(): Unavailable {
    return new Unavailable('the file of leaked passwords is damaged, or was changed while it was in use');
  }
}
