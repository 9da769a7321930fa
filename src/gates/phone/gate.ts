import type { GateDefinition } from '../../core/gate.ts';
import { Calling, gateId, type PhoneNeeds } from './calling.ts';
import { EnrolByCall } from './enrol.ts';
import { phoneSettings } from './settings.ts';
import { VerifyByCall } from './verify.ts';

/** A telephone call to a registered number, confirmed with the hash key. */
export const phoneGate: GateDefinition<typeof phoneSettings, PhoneNeeds> = {
  id: gateId,
  settings: phoneSettings,
  create(settings, needs) {
    const calling = new Calling(settings, needs);
    return {
      id: gateId,
      factor: 'possession',
      enrol: new EnrolByCall(settings, calling),
      verify: new VerifyByCall(calling),
    };
  },
};
