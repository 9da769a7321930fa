import path from 'node:path';
import { openConfiguredDirectory } from '../compose/directory.ts';
import type { Finding } from '../core/directory.ts';
import type { Loaded } from '../load.ts';
import { Catalogue } from '../web/catalogue.ts';
import { checkAudit } from './check-audit.ts';
import { checkConsole } from './check-console.ts';
import { checkDoors } from './check-door.ts';
import { checkPasswords } from './check-passwords.ts';
import { checkMembers, checkPoliciesInForce } from './check-policies.ts';
import { checkProviders } from './check-providers.ts';
import { checkStore } from './check-store.ts';

/** One thing that is looked at. */
interface Look {
  readonly subject: string;
  run(): Promise<readonly Finding[]>;
}

const locales = path.resolve(import.meta.dirname, '../locales');

/** Looks at everything that a configuration names, live and without changing anything. Never throws. */
export async function* check(loaded: Loaded): AsyncGenerator<Finding> {
  const { configuration, environment } = loaded;
  const kind = environment.production ? 'production' : 'not production';
  yield { level: 'ok', subject: 'configuration', detail: `${environment.configurationFile} is understood (${kind})` };
  const looks: readonly Look[] = [
    { subject: 'texts', run: async () => checkTexts(loaded) },
    { subject: 'listen', run: async () => checkDoors(configuration, new Date()) },
    { subject: 'policies', run: () => checkPoliciesInForce(loaded) },
    { subject: 'passwords', run: () => checkPasswords(loaded) },
    { subject: 'store', run: () => checkStore(configuration) },
    { subject: 'audit', run: () => checkAudit(configuration) },
    { subject: 'directory', run: () => checkDirectory(loaded) },
    { subject: 'policies', run: () => checkMembers(loaded) },
    { subject: 'console', run: () => checkConsole(loaded) },
    { subject: 'providers', run: () => checkProviders(loaded) },
  ];
  for (const look of looks) yield* await look.run().catch((fault: unknown) => [faultFinding(look.subject, fault)]);
}

function checkTexts({ configuration, environment }: Loaded): readonly Finding[] {
  const overrides = path.resolve(path.dirname(environment.configurationFile), 'locales');
  const { languages } = Catalogue.load({ folder: locales, overrides, tags: configuration.languages });
  return [{ level: 'ok', subject: 'texts', detail: `in ${languages.map((language) => language.name).join(', ')}` }];
}

async function checkDirectory(loaded: Loaded): Promise<readonly Finding[]> {
  const opened = await openConfiguredDirectory(loaded);
  try {
    return await opened.directory.check();
  } finally {
    await opened.close();
  }
}

function faultFinding(subject: string, fault: unknown): Finding {
  const detail = fault instanceof Error ? fault.message : String(fault);
  return { level: 'problem', subject, detail, remedy: 'Mend this first, then check again.' };
}
