import { writeFileSync } from 'node:fs';
import { openConfiguredDirectory } from '../compose/directory.ts';
import { createPolicyDesk, policyCheck } from '../compose/policy-desk.ts';
import { systemClock } from '../core/clock.ts';
import type { Json } from '../core/json.ts';
import type { PolicySaved } from '../core/policies/policy-desk.ts';
import { difference } from '../core/policies/policy-difference.ts';
import { newestPolicies } from '../core/policies/policy-standing.ts';
import { createSealer } from '../core/sealer.ts';
import type { Stores } from '../core/stores.ts';
import type { Loaded } from '../load.ts';
import { sealingKeys } from '../settings/configured.ts';
import { policyReader } from '../settings/policy-reading.ts';
import { operator } from './operator.ts';
import { policyFileText, readPolicyFile } from './policy-file.ts';
import { PolicyReport } from './policy-report.ts';
import { type Outcome, withStoredState } from './store-commands.ts';

export interface PolicyImportWish {
  readonly basedOn?: number;
  readonly note?: string;
  /** Also over a newest list that is not the one that the audit tells of. */
  readonly anew?: boolean;
}

const pinned = 'The policies are pinned in the configuration file (policies-in: file): change them there.';
const unchanged = 'Nothing was changed: the old list stays in force.';

/** Prints the list in force, or an earlier version, as YAML. `text` is for the file or standard output, `lines` for people. */
export async function exportPolicies(
  { configuration }: Loaded,
  wish: { readonly file?: string; readonly version?: number },
): Promise<Outcome & { readonly text?: string }> {
  if (configuration['policies-in'] === 'file') {
    return written(policyFileText(configuration.policies as unknown as Json, undefined), wish.file);
  }
  let text: string | undefined;
  const outcome = await withStoredState(configuration, async ({ policies }) => {
    const { newest, why } = await newestPolicies(policies);
    const found = wish.version === undefined ? newest : await policies.read(wish.version);
    const amiss = why === undefined ? [] : [`Beware: ${why}.`];
    if (found === undefined) return { ok: false, lines: [...amiss, 'The store has no such version of the policies.'] };
    const { policies: list, ...head } = found;
    text = policyFileText(list, head);
    return { ok: true, lines: amiss };
  });
  if (text === undefined) return outcome;
  const out = written(text, wish.file);
  return { ...out, lines: [...outcome.lines, ...out.lines] };
}

/** Looks at a list as an import would, and changes nothing. */
export async function checkPolicyFile(loaded: Loaded, file: string): Promise<Outcome> {
  const read = readPolicyFile(file);
  if ('why' in read) return { ok: false, lines: [read.why] };
  const report = new PolicyReport();
  const { configuration } = loaded;
  const list = policyReader(loaded)(read.policies);
  if ('problems' in list) return { ok: false, lines: report.problems(list.problems) };
  return withPolicyWorld(loaded, async ({ stores, check }) => {
    const stored = configuration['policies-in'] === 'store' ? await stores.policies.latest() : undefined;
    const inForce = policyReader(loaded)(stored?.policies ?? (configuration.policies as unknown as Json));
    const before = 'policies' in inForce ? inForce.policies : undefined;
    const findings = await check(list.policies, { before, by: 'operator' });
    const ok = findings.every(({ level }) => level !== 'problem');
    return { ok, lines: [...report.changes(difference(before ?? [], list.policies)), ...report.findings(findings)] };
  });
}

/** Takes a list into force as a new version, or says everything that speaks against it. */
export async function importPolicies(loaded: Loaded, file: string, wish: PolicyImportWish): Promise<Outcome> {
  if (loaded.configuration['policies-in'] === 'file') return { ok: false, lines: [pinned] };
  const read = readPolicyFile(file);
  if ('why' in read) return { ok: false, lines: [read.why, unchanged] };
  return withPolicyWorld(loaded, async ({ stores, desk }) => {
    const newest = await stores.policies.newest();
    const settles = wish.anew === true;
    const basedOn = settles ? newest : (wish.basedOn ?? read.version ?? newest);
    return saidOf(await desk.save({ ...byOperator(wish), basedOn, settles, policies: read.policies }));
  });
}

/** Takes the newest list of the store into force though it is not the one that the audit tells of, as a new version. */
export async function acceptPolicies(loaded: Loaded, wish: Pick<PolicyImportWish, 'note'>): Promise<Outcome> {
  if (loaded.configuration['policies-in'] === 'file') return { ok: false, lines: [pinned] };
  return withPolicyWorld(loaded, async ({ stores, desk }) => {
    const { newest, why } = await newestPolicies(stores.policies);
    if (newest === undefined) {
      const amiss = why === undefined ? [] : [`${why}.`];
      return {
        ok: false,
        lines: [...amiss, 'The store has no policies that could be accepted: import a list with --anew.'],
      };
    }
    const { version: basedOn, policies } = newest;
    if (why === undefined) {
      return { ok: true, lines: [`There is nothing to accept: version ${basedOn} is the one that was saved last.`] };
    }
    return saidOf(await desk.save({ ...byOperator(wish), basedOn, settles: true, policies }));
  });
}

function byOperator({ note = '' }: Pick<PolicyImportWish, 'note'>) {
  return { by: 'operator', byName: operator(), note };
}

function saidOf(saved: PolicySaved): Outcome {
  const report = new PolicyReport();
  switch (saved.kind) {
    case 'unreadable':
      return { ok: false, lines: [...report.problems(saved.problems), unchanged] };
    case 'refused':
      return { ok: false, lines: [...report.findings(saved.findings), unchanged] };
    case 'rolled-back':
      return { ok: false, lines: [`${saved.why}.`, unchanged] };
    case 'conflict':
      return { ok: false, lines: [...report.conflict(saved.newest, saved.changes), unchanged] };
    case 'unchanged':
      return { ok: true, lines: [`It means the same as version ${saved.version}, which stays in force.`] };
    case 'saved':
      return {
        ok: true,
        lines: [
          ...report.changes(saved.changes),
          ...report.findings(saved.findings),
          `Version ${saved.version.version} is in force, on every node at once.`,
        ],
      };
  }
}

interface PolicyCommandWorld {
  readonly stores: Stores;
  readonly desk: ReturnType<typeof createPolicyDesk>;
  readonly check: ReturnType<typeof policyCheck>;
}

async function withPolicyWorld(loaded: Loaded, run: (world: PolicyCommandWorld) => Promise<Outcome>): Promise<Outcome> {
  return withStoredState(loaded.configuration, async (stores) => {
    const opened = await openConfiguredDirectory(loaded);
    const sealer = createSealer(sealingKeys(loaded.configuration));
    const mac = (purpose: string, text: string): string => sealer.mac(purpose, text);
    const parts = { stores, directory: opened.directory, clock: systemClock, mac };
    const world = { stores, desk: createPolicyDesk(loaded, parts), check: policyCheck(loaded, parts) };
    return run(world).finally(() => opened.close());
  });
}

function written(text: string, file: string | undefined): Outcome & { readonly text?: string } {
  if (file === undefined) return { ok: true, lines: [], text };
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
    return { ok: true, lines: [`Written to ${file}.`] };
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unwritable';
    return { ok: false, lines: [`${file} cannot be written (${why}).`] };
  }
}
