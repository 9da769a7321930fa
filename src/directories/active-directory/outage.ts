/** What an operator should know of and no request says. */
export interface Alert {
  readonly level: 'alarm' | 'warning' | 'info';
  /** What it is about, such as a server's URL. */
  readonly subject: string;
  readonly detail: string;
}

/** Must not throw. */
export type Report = (alert: Alert) => void;

/** Something that fails now and then and is tried again and again: told once when it begins, and once when it is over. */
export class Outage {
  readonly #subject: string;
  readonly #report: Report;
  #told: Alert['level'] | undefined;

  constructor(subject: string, report: Report) {
    this.#subject = subject;
    this.#report = report;
  }

  /** Tells once; again only when it turns out to be worse. */
  begin(level: 'alarm' | 'warning', detail: string): void {
    if (this.#told === 'alarm' || this.#told === level) return;
    this.#told = level;
    this.#report({ level, subject: this.#subject, detail });
  }

  end(detail: string): void {
    if (this.#told === undefined) return;
    this.#told = undefined;
    this.#report({ level: 'info', subject: this.#subject, detail });
  }
}
