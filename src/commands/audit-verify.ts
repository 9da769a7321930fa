import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { configuredHeadKeys, configuredSigner, fromFile } from '../compose/audit.ts';
import type { Configuration } from '../config.ts';
import { keptHeads } from '../core/audit/audit-check.ts';
import {
  type HeadSigner,
  HeadWitness,
  headKey,
  headsIn,
  keyIdOf,
  type SignedHead,
} from '../core/audit/audit-signing.ts';
import { Misconfigured } from '../core/errors.ts';
import { type Outcome, withAudit, withFaultsSaid } from './store-commands.ts';

/** What stands behind `latchkey audit verify`. */
export interface VerifyWish {
  /** Files of any kind that hold signed heads which were kept elsewhere. */
  readonly heads?: readonly string[];
  /** PEM files of public keys, beside those of the configuration. */
  readonly publicKey?: readonly string[];
}

/** Walks the audit chain and holds every signed head against it. Reads only, so a server may go on writing meanwhile. */
export function verifyAudit(configuration: Configuration, wish: VerifyWish = {}): Promise<Outcome> {
  return withAudit(configuration, async ({ audit }) => {
    const elsewhere: SignedHead[] = [];
    for (const file of wish.heads ?? []) {
      const heads = await headsInFile(file);
      // Silence would look like agreement.
      if (heads.length === 0) return { ok: false, lines: [`There is no signed head in ${file}.`] };
      elsewhere.push(...heads);
    }
    const given = (wish.publicKey ?? []).map((file) => fromFile('--public-key', file, headKey));
    const kept = await keptHeads(audit);
    const witness = new HeadWitness({
      heads: [...elsewhere, ...kept],
      keys: [...configuredHeadKeys(configuration), ...given],
    });
    const broken = await audit.verify(witness);
    if (broken !== undefined) {
      return { ok: false, lines: [`The audit chain is broken at row ${broken.sequence}: ${broken.reason}.`] };
    }
    return {
      ok: true,
      lines: ['The audit chain is whole.', ...headLines(configuration, { witness, elsewhere, kept })],
    };
  });
}

/** Prints the key that others need to check a head. */
export function publicKeyOf(configuration: Configuration): Promise<Outcome> {
  return withFaultsSaid(async () => publicKeyLines(configuredSigner(configuration)));
}

function publicKeyLines(signer: HeadSigner | undefined): Outcome {
  if (signer === undefined) return { ok: false, lines: [unsigned] };
  const pem = signer.publicKey.export({ type: 'spki', format: 'pem' }).toString().trimEnd();
  return { ok: true, lines: [`# key ${keyIdOf(signer.publicKey)} of Latchkey's audit`, pem] };
}

const unsigned = 'No head is signed: audit.signing-key-file is not set.';

/** Line by line: an export may be larger than memory. */
async function headsInFile(file: string): Promise<readonly SignedHead[]> {
  const heads: SignedHead[] = [];
  try {
    for await (const line of createInterface(createReadStream(file, 'utf8'))) heads.push(...headsIn(line));
  } catch (fault) {
    throw new Misconfigured(`--heads: ${fault instanceof Error ? fault.message : file}`, fault);
  }
  return heads;
}

function headLines(
  configuration: Configuration,
  found: { witness: HeadWitness; elsewhere: readonly SignedHead[]; kept: readonly SignedHead[] },
): readonly string[] {
  const { proved } = found.witness;
  const signs = configuration.audit['signing-key-file'] !== undefined;
  const counted = (heads: readonly SignedHead[], where: string): readonly string[] =>
    heads.length === 0 ? [] : [`${heads.length} signed ${heads.length === 1 ? 'head' : 'heads'} ${where} fit.`];
  return [
    ...counted(found.kept, 'of its own'),
    ...counted(found.elsewhere, 'kept elsewhere'),
    ...(proved === undefined ? [] : [`The last is of row ${proved.sequence}, signed at ${proved.at.toISOString()}.`]),
    ...(proved === undefined && signs ? ['No head has been signed yet.'] : []),
    ...(signs ? [] : [unsigned]),
  ];
}
