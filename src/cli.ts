import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type ExportWish, exportAudit, parseBound } from './commands/audit-export.ts';
import { publicKeyOf, type VerifyWish, verifyAudit } from './commands/audit-verify.ts';
import type { DrillWish } from './commands/drill.ts';
import { findingLine } from './commands/finding-line.ts';
import { health } from './commands/health.ts';
import { importMfaSettings } from './commands/import-mfa-settings.ts';
import { mapInForce } from './commands/map.ts';
import type { PolicyImportWish } from './commands/policy.ts';
import { afterRestore, migrate, withFaultsSaid } from './commands/store-commands.ts';
import { ConfigurationError, exitConfiguration } from './config.ts';
import { type Loaded, load, refuse } from './load.ts';

/** Exit code of a command that was called in a wrong way (sysexits.h EX_USAGE). */
const exitUsage = 64;

const program = new Command('latchkey')
  .description('Lets people unlock their own Active Directory account, or set a new password.')
  .option('--config <file>', 'the configuration file (else LATCHKEY_CONFIG, else config/latchkey.yaml: the demo)')
  .exitOverride()
  .showHelpAfterError('Run latchkey --help to see what there is.')
  .addHelpText(
    'after',
    '\nExit codes: 0 all is well, 1 something is not, 64 called wrongly, 78 the configuration is wrong.',
  );

program.hook('preAction', (_program, command) => {
  // Whoever reads only the first lines has what they wanted; what the command does goes on to its end.
  if (command.name() !== 'start') process.stdout.on('error', unlessUnread);
});

program
  .command('start')
  .description('serve the portals until SIGTERM')
  .action(async () => (await import('./start.ts')).start(variables()));

program
  .command('check')
  .description('look at the configuration, the certificate, the store, the directory and the providers')
  .option('--provider <name>', 'instead make one real call, text or mail through this provider')
  .option('--to <destination>', 'where to: a number with its country code, or a mail address')
  .addOption(new Option('--channel <channel>', 'where the provider serves several').choices(['sms', 'voice', 'email']))
  .action(async (wish: Partial<DrillWish>) => {
    const { provider, to } = wish;
    if ((provider === undefined) !== (to === undefined) || (wish.channel !== undefined && to === undefined)) {
      throw new CommanderError(exitUsage, 'check', '--provider and --to are given together');
    }
    const loaded = await load(variables()).catch(reportConfiguration);
    if (loaded === undefined) return;
    const findings =
      provider === undefined || to === undefined
        ? (await import('./commands/check.ts')).check(loaded)
        : (await import('./commands/drill.ts')).drill(loaded, { ...wish, provider, to });
    let problems = 0;
    for await (const finding of findings) {
      say(findingLine(finding));
      if (finding.level === 'problem') problems += 1;
    }
    process.exitCode = problems === 0 ? 0 : 1;
  });

program
  .command('migrate')
  .description("bring the store's schema up to date; several nodes may do it at once")
  .action(withConfiguration((loaded) => migrate(loaded.configuration)));

program
  .command('after-restore')
  .description('end every open flow, code, session and campaign of a database that was restored from a backup')
  .action(withConfiguration((loaded) => afterRestore(loaded.configuration)));

program
  .command('unbar')
  .argument('<login>', 'a user name, as name, DOMAIN\\name or name@domain')
  .description('end what bars this person from Latchkey, and tell them by mail: speak with them first')
  .action(
    withConfiguration<string>(async (loaded, login) => (await import('./commands/unbar.ts')).unbar(loaded, login)),
  );

program
  .command('health')
  .description('ask the server on this computer whether it lives')
  .action(withConfiguration((loaded) => health(loaded.configuration)));

const audit = program.command('audit').description('look after the audit');
audit
  .command('verify')
  .description('walk the whole audit chain and name the first row that was changed, added or taken away')
  .option('--heads <file...>', 'also hold it against the signed heads in these files: exports, syslog, anything')
  .option('--public-key <file...>', 'PEM files of keys that heads were signed with, beside the configured ones')
  .action(withConfiguration<VerifyWish>((loaded, wish) => verifyAudit(loaded.configuration, wish)));
audit
  .command('export')
  .description('write audit rows out, one a line; that somebody did is itself audited')
  .option('--from <bound>', 'first row: its number, a date, or a time as 2026-11-24T08:00Z', bound(false))
  .option('--to <bound>', 'last row, in the same way; a date means its end', bound(true))
  .addOption(new Option('--format <format>', 'how a row is written').choices(['jsonl', 'cef']).default('jsonl'))
  .option('--output <file>', 'a new file, readable by its owner only; else standard output')
  .action(
    withConfiguration<ExportWish>(async (loaded, wish) => {
      const cancel = new AbortController();
      process.once('SIGINT', () => cancel.abort());
      const say = (line: string): void => void process.stderr.write(`${line}\n`);
      const parts = { out: process.stdout, say, signal: cancel.signal };
      const { lines, ok } = await exportAudit(loaded.configuration, wish, parts);
      // Standard output is for the rows.
      for (const line of lines) say(line);
      return { lines: [], ok };
    }),
  );
audit
  .command('public-key')
  .description('print the public key that signed heads are checked with')
  .action(withConfiguration((loaded) => publicKeyOf(loaded.configuration)));

const policy = program.command('policy').description('look at, take out and change the policies');
policy
  .command('export')
  .argument('[file]', 'a new file; else standard output')
  .option('--version <number>', 'an earlier version', wholeNumber)
  .description('write the list in force as YAML')
  .action(async (file: string | undefined, wish: { version?: number }) => {
    const loaded = await load(variables()).catch(refuse);
    if (loaded === undefined) return;
    const { exportPolicies } = await import('./commands/policy.ts');
    const outcome = await exportPolicies(loaded, { ...wish, ...(file === undefined ? {} : { file }) });
    if (outcome.text !== undefined) process.stdout.write(outcome.text);
    for (const line of outcome.lines) process.stderr.write(`${line}\n`);
    process.exitCode = outcome.ok ? 0 : 1;
  });
policy
  .command('check')
  .argument('<file>', 'what export writes')
  .description('say what a list would change and what speaks against it, and change nothing')
  .action(
    withConfiguration<string>(async (loaded, file) =>
      (await import('./commands/policy.ts')).checkPolicyFile(loaded, file),
    ),
  );
policy
  .command('import')
  .argument('<file>', 'what export writes')
  .option('--based-on <number>', 'the version that it changes (else the one it was exported from)', wholeNumber)
  .option('--note <text>', 'why, for whoever reads the versions later')
  .option('--anew', 'also where the newest list is not the one that was saved last; see latchkey check')
  .description('take a list into force as a new version; a list that something speaks against is refused')
  .action(async (file: string, wish: PolicyImportWish) => {
    await withConfiguration(async (loaded) =>
      (await import('./commands/policy.ts')).importPolicies(loaded, file, wish),
    )(undefined);
  });

policy
  .command('accept')
  .option('--note <text>', 'why, for whoever reads the versions later')
  .description('take the newest list of the store into force though it is not the one that was saved last')
  .action(
    withConfiguration<{ note?: string }>(async (loaded, wish) =>
      (await import('./commands/policy.ts')).acceptPolicies(loaded, wish),
    ),
  );

program
  .command('import')
  .description('take over what another product was configured with')
  .command('mfa-settings')
  .argument('<file>', 'MfaSettings.xml of Microsoft Identity Manager')
  .description('print the configuration that a MfaSettings.xml becomes, and to standard error what is left to do')
  .action((file: string) => {
    const imported = importMfaSettings(file);
    if (imported.kind === 'imported') {
      process.stdout.write(imported.yaml);
      for (const note of imported.notes) process.stderr.write(`${note}\n`);
      return;
    }
    process.stderr.write(`${imported.why}\n`);
    process.exitCode = 1;
  });

program
  .command('map')
  .description('show the way through both portals, as configured')
  .action(withConfiguration((loaded) => withFaultsSaid(async () => ({ lines: await mapInForce(loaded), ok: true }))));

try {
  await program.parseAsync();
} catch (fault) {
  if (!(fault instanceof CommanderError)) throw fault;
  if (fault.code === 'check') process.stderr.write(`error: ${fault.message}\n`);
  process.exitCode = fault.exitCode === 0 ? 0 : exitUsage;
}

function variables(): NodeJS.ProcessEnv {
  const { config } = program.opts<{ config?: string }>();
  return config === undefined ? process.env : { ...process.env, LATCHKEY_CONFIG: config };
}

/** A command that needs a configuration, says what it found, and fails when that is not well. */
function withConfiguration<Wish = unknown>(
  run: (loaded: Loaded, wish: Wish) => Promise<{ readonly lines: readonly string[]; readonly ok: boolean }>,
) {
  return async (wish: Wish): Promise<void> => {
    const loaded = await load(variables()).catch(refuse);
    if (loaded === undefined) return;
    const { lines, ok } = await run(loaded, wish);
    for (const line of lines) say(line);
    process.exitCode = ok ? 0 : 1;
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

/** Reads a bound of an export, or says what one looks like. */
function bound(end: boolean) {
  return (text: string) => {
    const parsed = parseBound(text, end);
    if (parsed === undefined) throw new InvalidArgumentError('It is a row number, a date or a time.');
    return parsed;
  };
}

function reportConfiguration(fault: unknown): undefined {
  if (!(fault instanceof ConfigurationError)) throw fault;
  for (const { setting, problem, remedy = 'Mend it in the configuration file.' } of fault.problems) {
    say(findingLine({ level: 'problem', subject: setting, detail: problem, remedy }));
  }
  process.exitCode = exitConfiguration;
}

/** Throws what went wrong with the output, but for a reader that has gone, such as `head`. */
function unlessUnread(fault: NodeJS.ErrnoException): void {
  if (fault.code !== 'EPIPE') throw fault;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
