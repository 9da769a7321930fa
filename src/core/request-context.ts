import type { Zone } from './zone.ts';

/** What of a request reaches the audit and the pages; everything else of it stops in the web layer. */
export interface RequestContext {
  /** The peer's address, after trusted proxies. */
  readonly address: string;
  /** Also in the log line, and on the error page. */
  readonly correlation: string;
  /** BCP 47 tag of the language that the page is shown in. */
  readonly language: string;
  /** Of the listener that the request reached. */
  readonly zone: Zone;
  /** Host name of that listener, as it is configured: never what the request names. */
  readonly host: string;
}
