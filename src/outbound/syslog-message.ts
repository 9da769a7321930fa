/** Numbers of the facilities that an audit may be sent under (RFC 5424, table 1). */
export const syslogFacilities = {
  auth: 4,
  authpriv: 10,
  audit: 13,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

export interface SyslogMessage {
  readonly facility: keyof typeof syslogFacilities;
  /** RFC 5424, table 2: 4 is warning, 6 informational. */
  readonly severity: 4 | 6;
  readonly at: Date;
  readonly host: string;
  readonly process: string;
  /** What kind of message it is. */
  readonly id: string;
  /** One line without control characters. */
  readonly text: string;
}

/**
 * One message as RFC 5424 has it, without structured data, in a frame that counts its octets (RFC 5425, 4.3). No byte
 * order mark: a CEF reader wants `CEF:` first, and JSON comes in ASCII, so that the text counts as MSG-ANY.
 */
export function syslogFrame(message: SyslogMessage): Buffer {
  const { facility, severity, at, host, process, id, text } = message;
  const priority = syslogFacilities[facility] * 8 + severity;
  const header = `<${priority}>1 ${at.toISOString()} ${name(host, 255)} latchkey ${name(process, 128)} ${name(id, 32)} -`;
  const body = Buffer.from(`${header} ${text}`);
  return Buffer.concat([Buffer.from(`${body.length} `), body]);
}

/** Names are printable ASCII without spaces; `-` is none (RFC 5424, 6). */
function name(text: string, longest: number): string {
  return text.replaceAll(/[^!-~]/g, '').slice(0, longest) || '-';
}
