import { readFileSync, statSync } from 'node:fs';
import { type Document, parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import type { Json } from '../core/json.ts';
import type { PolicyVersionHead } from '../core/policies/policy-store.ts';

/** What `latchkey policy export` writes and `import` reads: a `policies` list as the configuration has it. */
export interface PolicyFile {
  readonly policies: Json;
  /** The version that it was exported from: an import that is based on it loses nobody's later change. */
  readonly version?: number;
}

/** A hundred policies with all their names are far below it. */
const mostBytes = 4_000_000;

const fileSchema = z.strictObject({ version: z.int().min(0).optional(), policies: z.array(z.json()) });

/** @returns the file, or why it cannot be used; nothing in it is a reference, so that it reads no other file */
export function readPolicyFile(name: string): PolicyFile | { readonly why: string } {
  let document: Document;
  try {
    if (statSync(name).size > mostBytes) return { why: `${name} is larger than any list of policies.` };
    document = parseDocument(readFileSync(name, 'utf8'), { strict: true, uniqueKeys: true, logLevel: 'silent' });
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unreadable';
    return { why: `${name} cannot be read (${why}).` };
  }
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong !== undefined) return { why: `${name} is not valid YAML: ${wrong.message.split('\n')[0]}` };
  try {
    const parsed = fileSchema.safeParse(document.toJS());
    if (!parsed.success) return { why: `${name} must hold a list called policies, and nothing beside it but version.` };
    const { version, policies } = parsed.data;
    return { policies, ...(version === undefined ? {} : { version }) };
  } catch {
    // Aliases that would grow without end.
    return { why: `${name} is not valid YAML.` };
  }
}

/** @param head undefined for the list of the configuration file */
export function policyFileText(policies: Json, head: PolicyVersionHead | undefined): string {
  if (head === undefined) return stringify({ policies });
  const by = JSON.stringify(head.byName === '' ? head.by : head.byName);
  const note = head.note === '' ? '' : `: ${JSON.stringify(head.note)}`;
  const comment = `# Version ${head.version}, saved ${head.at.toISOString()} by ${by}${note}\n`;
  return `${comment}${stringify({ version: head.version, policies })}`;
}
