import { type BerWriter, Control } from 'ldapts';

/** LDAP_SERVER_POLICY_HINTS_OID and its older twin (MS-ADTS 3.1.1.3.4.1.27), the preferred first. */
const identifiers = ['1.2.840.113556.1.4.2239', '1.2.840.113556.1.4.2066'];

/** SEQUENCE { INTEGER 1 }: hold this reset to history and minimum age as a change would be. */
const octets = Buffer.from([0x30, 0x03, 0x02, 0x01, 0x01]);

class PolicyHintsControl extends Control {
  constructor(type: string) {
    super(type, { critical: true });
  }

  protected override writeControl(writer: BerWriter): void {
    writer.writeBuffer(octets, 0x04);
  }
}

/** @returns the OID that this server offers, or undefined when it offers none */
export function policyHintsOffered(supportedControls: readonly string[]): string | undefined {
  return identifiers.find((identifier) => supportedControls.includes(identifier));
}

/** Critical: a server that cannot keep the promise must refuse the write, not ignore the hint. */
export function policyHintsControl(type: string): Control {
  return new PolicyHintsControl(type);
}
