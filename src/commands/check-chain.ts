import type { Configuration } from '../config.ts';
import { type ChainWeakness, chainStrength } from '../core/chain-strength.ts';
import type { Finding } from '../core/directory.ts';
import type { Definitions } from '../definitions.ts';

const subject = 'policy.chain';

const found: Readonly<Record<ChainWeakness, Omit<Finding, 'subject'>>> = {
  'knowledge-alone': {
    level: 'problem',
    detail: 'nothing in it proves that somebody has something: whoever finds the answers out has the account',
    remedy: 'Put phone or otp-sms before it. In production this starts only with policy.knowledge-alone: accept.',
  },
  'knowledge-first': {
    level: 'warning',
    detail: 'begins with what others can find out, so that anybody may try and use up the tries of the owner',
    remedy: 'Put phone or otp-sms first.',
  },
};

/** What the chain is worth, whatever people registered. */
export function checkChain(configuration: Configuration, definitions: Definitions): readonly Finding[] {
  const gates = configuration.policy.chain.flatMap((id) => definitions.gates.filter((gate) => gate.id === id));
  const { methods, weaknesses } = chainStrength(gates);
  if (weaknesses.length > 0) return weaknesses.map((weakness) => ({ subject, ...found[weakness] }));
  const detail = `${gates.map(({ id }) => id).join(', ')}: ${counted(methods)} by NIST SP 800-63B`;
  return [{ level: 'ok', subject, detail }];
}

function counted(methods: number): string {
  const what = 'calls and texts count once together, questions nothing';
  return `counts as ${methods} of the 2 methods of recovery that AAL2 wants (${what})`;
}
