import { z } from 'zod';
import { BadRequest } from '../../core/errors.ts';
import type { Gate, GateDefinition, Step } from '../../core/gate.ts';
import type { Challenges } from '../../core/sending/challenges.ts';
import { gateId, helpdeskCodeSettings } from './settings.ts';
import { VerifyHelpdeskCode } from './verify.ts';

export interface HelpdeskCodeNeeds {
  readonly challenges: Challenges;
}

/**
 * A code that the helpdesk has sent to a number that the person registered, or to their manager. It lives for minutes and
 * passes one flow. No agent ever sees one: whoever issues it cannot use it (security 5.33).
 */
export const helpdeskCodeGate: GateDefinition<typeof helpdeskCodeSettings, HelpdeskCodeNeeds> = {
  id: gateId,
  factor: 'possession',
  issued: true,
  issuedBy: ['sms', 'email'],
  settings: helpdeskCodeSettings,
  demands: (settings) => ({ codeLength: settings['code-length'] }),
  create(settings, { challenges }): Gate {
    return { id: gateId, enrol: nobodyEnrols, verify: new VerifyHelpdeskCode(settings, challenges) };
  },
};

/** Nobody gives a code to themselves. */
const nobodyEnrols: Step = {
  form: z.strictObject({}),
  open: async () => {
    throw new BadRequest('a code of the helpdesk cannot be registered');
  },
  show: async () => {
    throw new BadRequest('a code of the helpdesk cannot be registered');
  },
  answer: async () => {
    throw new BadRequest('a code of the helpdesk cannot be registered');
  },
};
