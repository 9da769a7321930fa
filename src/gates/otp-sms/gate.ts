import { driveNumber } from '../../core/drive/test-drive-phone.ts';
import type { GateDefinition } from '../../core/gate.ts';
import { CodeSending, gateId, type OtpSmsNeeds } from './code-sending.ts';
import { EnrolBySms } from './enrol.ts';
import { otpSmsSettings } from './settings.ts';
import { VerifyBySms } from './verify.ts';

/** A one-time code in a text message to a registered number. */
export const otpSmsGate: GateDefinition<typeof otpSmsSettings, OtpSmsNeeds> = {
  id: gateId,
  factor: 'possession',
  channel: 'sms',
  settings: otpSmsSettings,
  consoleSettings: ['console-text'],
  demands: (settings) => ({ codeLength: settings['code-length'] }),
  create(settings, needs) {
    return {
      id: gateId,
      enrol: new EnrolBySms(settings, new CodeSending(settings, needs, 'enrol')),
      verify: new VerifyBySms(new CodeSending(settings, needs, 'verify')),
      rehearsal: async () => ({ enrolment: { number: driveNumber } }),
    };
  },
};
