import type { ComposeNeeds } from './compose.ts';
import type { Configuration } from './config.ts';
import { type Clock, systemClock } from './core/clock.ts';
import type { Directory } from './core/directory.ts';
import type { DemoServer } from './demo-world.ts';
import { createActiveDirectory } from './directories/active-directory/active-directory.ts';

/** A directory that a command looks at, and how to leave it. */
export interface OpenedDirectory {
  readonly directory: Directory;
  /** Ends the demo's own server too. */
  close(): Promise<void>;
}

/** The directory and nothing else: for the commands that need no store. */
export async function openConfiguredDirectory(
  needs: Pick<ComposeNeeds, 'configuration' | 'environment'>,
): Promise<OpenedDirectory> {
  const { configuration, environment } = needs;
  const demoWorld = configuration.directory.kind === 'demo' ? await import('./demo-world.ts') : undefined;
  const demo = await demoWorld?.startDemoServer({ ...environment, clock: systemClock });
  const directory = createDirectory(configuration, demo, systemClock);
  return {
    directory,
    async close() {
      await directory.close();
      await demo?.close();
    },
  };
}

/** The directory that the configuration names, or the demo's own. */
export function createDirectory(
  configuration: Configuration,
  demo: Pick<DemoServer, 'settings'> | undefined,
  clock: Clock,
): Directory {
  if (configuration.directory.kind === 'active-directory') {
    return createActiveDirectory({ settings: configuration.directory, clock });
  }
  if (demo === undefined) throw new Error('the demo directory was not started');
  return createActiveDirectory({ settings: demo.settings, clock });
}
