import { driveNumber } from '../../core/drive/test-drive-phone.ts';
import type { GateDefinition } from '../../core/gate.ts';
import { Calling, gateId, type PhoneNeeds } from './calling.ts';
import { EnrolByCall } from './enrol.ts';
import { phoneSettings } from './settings.ts';
import { VerifyByCall } from './verify.ts';

/** A telephone call to a registered number, confirmed with the hash key. */
export const phoneGate: GateDefinition<typeof phoneSettings, PhoneNeeds> = {
  id: gateId,
  factor: 'possession',
  channel: 'voice',
  settings: phoneSettings,
  consoleSettings: ['console-text', 'console-matching-text'],
  demands: (settings) => ({ matchesNumbers: settings['number-matching'] === 'required' }),
  create(settings, needs) {
    return {
      id: gateId,
      enrol: new EnrolByCall(settings, new Calling(settings, needs, 'enrol')),
      verify: new VerifyByCall(new Calling(settings, needs, 'verify')),
      rehearsal: async () => ({ enrolment: { number: driveNumber } }),
    };
  },
};
