import type { GateSettings } from '../core/gate.ts';
import { type ChainWeakness, chainStrength, type WeighedGate } from '../core/policies/chain-strength.ts';
import { isPlain } from '../core/policies/gate-setting-message.ts';
import type { Members } from '../core/policies/policy.ts';
import type { ListedPolicy } from '../core/policies/policy-field-changes.ts';
import type { Translate } from '../web/catalogue.ts';
import { gateName, settingName, settingValue } from '../web/policy-messages.ts';

/** A policy as a row of a table shows it. */
export interface PolicyRow {
  readonly place: number;
  readonly name: string;
  readonly members: Members;
  readonly zone: string;
  readonly gates: readonly string[];
  readonly needed: number | undefined;
  readonly unlockAfter: number | undefined;
  /** Providers that it chose, by channel; none where it goes by the configuration. */
  readonly channels: readonly { readonly channel: string; readonly providers: readonly string[] }[];
  /** What it says of gates over what is configured. */
  readonly settings: readonly { readonly gate: string; readonly said: readonly string[] }[];
  readonly actions: readonly string[];
  readonly privileged: boolean;
  readonly methods: number;
  /** The same of the shorter way to an unlock, where there is one. */
  readonly unlockMethods: number;
  readonly weaknesses: readonly ChainWeakness[];
}

/** What each policy of a list says, and what its chain is worth by NIST SP 800-63B. */
export function policyRows(
  policies: readonly ListedPolicy[],
  about: { readonly gates: readonly WeighedGate[]; readonly t: Translate },
): readonly PolicyRow[] {
  return policies.map((policy, at) => ({
    place: at + 1,
    name: policy.name,
    members: policy.members,
    zone: policy.zone,
    gates: policy.chain.map((gate) => gateName(about.t, gate)),
    needed: policy.needed,
    unlockAfter: policy.unlockAfter,
    channels: Object.entries(policy.channels ?? {}).map(([channel, providers]) => ({ channel, providers })),
    settings: policy.chain.flatMap((gate) => {
      const own = policy.gates?.[gate];
      return own === undefined ? [] : [{ gate: gateName(about.t, gate), said: settingsSaid(own, about.t) }];
    }),
    actions: policy.actions,
    privileged: policy.privileged,
    ...chainStrength(
      policy.chain.flatMap((id) => about.gates.filter((gate) => gate.id === id)),
      policy,
    ),
  }));
}

/** Each setting by its name, with its value where that can be said in a word. */
function settingsSaid(own: GateSettings[string], t: Translate): readonly string[] {
  return Object.entries(own).map(([setting, value]) =>
    isPlain(value)
      ? t('policy-pages.setting', { setting: settingName(t, setting), value: settingValue(t, String(value)) })
      : settingName(t, setting),
  );
}
