import { type BerWriter, Control } from 'ldapts';

/** SEQUENCE { INTEGER 4 }: DACL_SECURITY_INFORMATION. Reading more would need rights that no one should give. */
const octets = Buffer.from([0x30, 0x03, 0x02, 0x01, 0x04]);

/** LDAP_SERVER_SD_FLAGS_OID (MS-ADTS 3.1.1.3.4.1.11): which parts of nTSecurityDescriptor to return. */
export class DescriptorControl extends Control {
  constructor() {
    super('1.2.840.113556.1.4.801', { critical: true });
  }

  protected override writeControl(writer: BerWriter): void {
    writer.writeBuffer(octets, 0x04);
  }
}
