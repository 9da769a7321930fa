import { Ber, BerWriter } from 'ldapts';
import { Elements, MalformedMessage } from './ber-elements.ts';
import type { RequestControl } from './message-decoding.ts';

/** The controls that this server knows (MS-ADTS 3.1.1.3.4.1). */
export const controlOid = {
  paged: '1.2.840.113556.1.4.319',
  /** LDAP_SERVER_SD_FLAGS_OID: which parts of a security descriptor to return. Here it is the rights, whatever is asked. */
  descriptorFlags: '1.2.840.113556.1.4.801',
  domainScope: '1.2.840.113556.1.4.1339',
  permissiveModify: '1.2.840.113556.1.4.1413',
  oldPolicyHints: '1.2.840.113556.1.4.2066',
  policyHints: '1.2.840.113556.1.4.2239',
} as const;

/** The controls that came with one request. */
export class Controls {
  readonly #controls: readonly RequestControl[];

  constructor(controls: readonly RequestControl[]) {
    this.#controls = controls;
  }

  has(oid: string): boolean {
    return this.#find(oid) !== undefined;
  }

  /** Whether one that must not be ignored is not among those that the server knows. */
  demandsOther(known: readonly string[]): boolean {
    return this.#controls.some(({ critical, oid }) => critical && !known.includes(oid));
  }

  /** Whether a reset is to be held to history and age: the flag of either policy hints control is set. */
  get wantsPolicyHints(): boolean {
    return [controlOid.policyHints, controlOid.oldPolicyHints].some((oid) => {
      const value = this.#find(oid)?.value;
      return value !== undefined && (new Elements(value).inside().integer() & 1) === 1;
    });
  }

  /** Page size and where the last page ended; undefined without the paged results control (RFC 2696). */
  get page(): { readonly size: number; readonly from: number } | undefined {
    const value = this.#find(controlOid.paged)?.value;
    if (value === undefined) return undefined;
    const inside = new Elements(value).inside();
    const size = inside.integer();
    const cookie = inside.text();
    if (size < 0 || !/^\d{0,9}$/.test(cookie)) throw new MalformedMessage('paged results');
    return { size, from: Number(cookie) };
  }

  #find(oid: string): RequestControl | undefined {
    return this.#controls.find((control) => control.oid === oid);
  }
}

/** The value of a paged results answer. @param next where the next page starts; undefined after the last page */
export function pageAnswer(next: number | undefined): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(0);
  writer.writeString(next === undefined ? '' : String(next), Ber.OctetString);
  writer.endSequence();
  return writer.buffer;
}
