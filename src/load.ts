import {
  type Configuration,
  ConfigurationError,
  type Environment,
  exitConfiguration,
  loadConfiguration,
  readEnvironment,
  readPackages,
} from './config.ts';
import { type Definitions, loadDefinitions } from './definitions.ts';

/** A configuration that was understood, with what it names. */
export interface Loaded {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
  readonly environment: Environment;
}

/** @throws ConfigurationError with all that is wrong */
export async function load(variables: NodeJS.ProcessEnv): Promise<Loaded> {
  const environment = readEnvironment(variables);
  const definitions = await loadDefinitions(readPackages(environment)).catch((fault: unknown) => {
    const problem = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationError([{ setting: 'packages', problem }]);
  });
  return { configuration: loadConfiguration(environment, definitions), definitions, environment };
}

/** Says everything that is wrong with a configuration, and sets the exit code for it. */
export function refuse(fault: unknown): undefined {
  if (!(fault instanceof ConfigurationError)) throw fault;
  process.stderr.write(`The configuration cannot be used:\n${fault.message.replaceAll(/^/gm, '  ')}\n`);
  process.exitCode = exitConfiguration;
}
