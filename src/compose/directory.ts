import type { Logger } from 'pino';
import type { Configuration, Environment } from '../config.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import type { Directory, Finding } from '../core/directory.ts';
import { DirectoryWatch } from '../core/directory-watch.ts';
import type { DemoServer } from '../demo-world.ts';
import { createActiveDirectory } from '../directories/active-directory/active-directory.ts';
import type { Alert } from '../directories/active-directory/outage.ts';

/** A directory that a command looks at, and how to leave it. */
export interface OpenedDirectory {
  readonly directory: Directory;
  /** Ends the demo's own server too. */
  close(): Promise<void>;
}

/** The directory and nothing else: for the commands that need no store. */
export async function openConfiguredDirectory(needs: {
  readonly configuration: Configuration;
  readonly environment: Environment;
}): Promise<OpenedDirectory> {
  const { configuration, environment } = needs;
  const demoWorld = configuration.directory.kind === 'demo' ? await import('../demo-world.ts') : undefined;
  const demo = await demoWorld?.startDemoServer({ ...environment, clock: systemClock });
  const directory = createDirectory(configuration, demo, { clock: systemClock });
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
  needs: { readonly clock: Clock; readonly log?: Logger },
): Directory {
  const { clock, log } = needs;
  const report = (alert: Alert): void => {
    if (log !== undefined) tell(alert, log);
  };
  if (configuration.directory.kind === 'active-directory') {
    return createActiveDirectory({ settings: configuration.directory, clock, report });
  }
  if (demo === undefined) throw new Error('the demo directory was not started');
  return createActiveDirectory({ settings: demo.settings, clock });
}

/** Puts into the log what a check of the running directory finds, certificates that end soon above all. */
export function watchDirectory(directory: Directory, { clock, log }: { clock: Clock; log: Logger }): DirectoryWatch {
  const report = ({ level, ...about }: Finding): void => {
    if (level === 'problem') log.error({ ...about, alarm: true }, 'a check of the directory finds a problem');
    else log.warn(about, 'a check of the directory warns');
  };
  return new DirectoryWatch({ directory, clock, report });
}

function tell({ level, subject, detail }: Alert, log: Logger): void {
  if (level === 'alarm') log.error({ subject, detail, alarm: true }, 'the directory needs an operator');
  else log[level === 'warning' ? 'warn' : 'info']({ subject, detail }, 'the directory');
}
