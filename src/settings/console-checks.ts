import type { Definitions } from '../definitions.ts';
import type { Sections } from './cross-checks.ts';
import { listenersOf } from './listeners.ts';
import type { SettingProblem } from './problems.ts';

/** What the console demands of the rest of a configuration. */
export function consoleProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  if (configuration.console === undefined) return [];
  return [...addressProblems(configuration), ...factorProblems(configuration, definitions)];
}

/** A cookie belongs to a host name, whatever the port (RFC 6265 8.5): the portals would see the console's. */
function addressProblems(configuration: Sections): readonly SettingProblem[] {
  const own = configuration.console?.['public-url'].hostname;
  const portals = listenersOf(configuration).find(({ publicUrl }) => publicUrl.hostname === own);
  if (portals === undefined) return [];
  const problem = `has the host name of the portals, ${own}, where their cookies go, whatever the port; give it another`;
  return [{ setting: 'console.public-url', problem }];
}

/** The password is what somebody knows; whatever is asked for besides must be something that they have. */
function factorProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { channels, gates } = configuration;
  return (configuration.console?.['second-factor'] ?? []).flatMap((id, index) => {
    const setting = `console.second-factor.${index}`;
    const gate = definitions.gates.find((one) => one.id === id);
    if (gate === undefined) return [];
    if (gate.factor === 'knowledge') {
      return [{ setting, problem: `${id} proves what somebody knows, as the password does: it is no second factor` }];
    }
    if (gate.issued === true) {
      return [{ setting, problem: `${id} is handed out by the console's own users: it cannot let them in` }];
    }
    if (gate.channel !== undefined && channels?.[gate.channel].length === 0) {
      return [
        {
          setting: `channels.${gate.channel}`,
          problem: `names no provider, and the gate ${id} of console.second-factor needs one`,
        },
      ];
    }
    if (gates !== undefined && gates[id] === undefined && !gate.settings.safeParse({}).success) {
      return [{ setting: `gates.${id}`, problem: 'is missing, and this gate has settings without a default' }];
    }
    return [];
  });
}
