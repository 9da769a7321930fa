import type { Zone } from '../core/zone.ts';
import type { SettingProblem } from './problems.ts';
import type { Configuration } from './schema.ts';

/** One address that the portals are reached at. The first is the one that every link and notice leads to. */
export interface Listener {
  /** The setting that describes it. */
  readonly setting: string;
  readonly publicUrl: URL;
  readonly zone: Zone;
  readonly host: string;
  readonly port: number;
  readonly tls?: Configuration['listen']['tls'];
}

type Settings = { readonly [name in 'public-url' | 'listen' | 'more-listeners']?: Configuration[name] | undefined };

/** Every listener whose settings could be understood. */
export function listenersOf(configuration: Settings): readonly Listener[] {
  const { listen, 'public-url': publicUrl, 'more-listeners': more = [] } = configuration;
  const main = listen === undefined || publicUrl === undefined ? [] : [{ setting: 'listen', publicUrl, ...listen }];
  const others = more.map(({ 'public-url': url, ...one }, index) => {
    return { setting: `more-listeners.${index}`, publicUrl: url, ...one };
  });
  return [...main, ...others];
}

/** The zones that there are listeners for. */
export function zonesOf(configuration: Settings): readonly Zone[] {
  return [...new Set(listenersOf(configuration).map(({ zone }) => zone))];
}

/** Two listeners of one address would be one; of one public address, a visit to the one could pass for the other's. */
export function listenerProblems(configuration: Settings): readonly SettingProblem[] {
  const listeners = listenersOf(configuration);
  return listeners.flatMap(({ setting, publicUrl, host, port }, index) => {
    const earlier = listeners.slice(0, index);
    const sameUrl = earlier.find((one) => one.publicUrl.origin === publicUrl.origin);
    const samePort = earlier.find((one) => port !== 0 && one.port === port && one.host === host);
    const own = setting === 'listen' ? 'public-url' : `${setting}.public-url`;
    return [
      ...(sameUrl === undefined ? [] : [{ setting: own, problem: `is that of ${sameUrl.setting} too` }]),
      ...(samePort === undefined
        ? []
        : [{ setting: `${setting}.port`, problem: `is that of ${samePort.setting} too` }]),
    ];
  });
}

/** Where nobody comes under any policy, not even a decoy could be shown. */
export function zoneProblems(
  configuration: Settings & { readonly policies?: Configuration['policies'] | undefined },
): readonly SettingProblem[] {
  const { policies } = configuration;
  if (policies === undefined) return [];
  return zonesOf(configuration)
    .filter((zone) => !policies.some((policy) => policy.zone === 'any' || policy.zone === zone))
    .map((zone) => ({ setting: 'policies', problem: `none is for the zone ${zone}, and there is a listener for it` }));
}
