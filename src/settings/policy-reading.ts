import type { Json } from '../core/json.ts';
import type { ListProblem, ReadPolicies } from '../core/policies/stored-policies.ts';
import type { Definitions } from '../definitions.ts';
import { crossChecks } from './cross-checks.ts';
import type { Environment } from './environment.ts';
import { policyFrom, policyListSchema } from './policy-settings.ts';
import { describeIssue } from './problems.ts';
import type { Configuration } from './schema.ts';

export interface PolicyWorld {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
  readonly environment: Pick<Environment, 'production' | 'variables'>;
}

/**
 * Reads a list of the store, a file or a form as the configuration's own is read, and refuses what is wrong with one of
 * its policies by itself. What else speaks against the list is said by `examinePolicies`.
 */
export function policyReader(world: PolicyWorld): ReadPolicies {
  return readerOf(world, ({ setting }) => setting.startsWith('policies.'));
}

/**
 * As `policyReader`, and refuses all that a start with this list in the configuration would: for the list in force, which
 * must not meet a configuration that it was never checked against.
 */
export function usableReader(world: PolicyWorld): ReadPolicies {
  return readerOf(world, () => true);
}

function readerOf(
  { definitions, environment, configuration }: PolicyWorld,
  counts: (problem: ListProblem) => boolean,
): ReadPolicies {
  const schema = policyListSchema(definitions);
  return (list) => {
    const parsed = schema.safeParse(list);
    if (!parsed.success) return { problems: parsed.error.issues.flatMap((issue) => listProblems(issue, list)) };
    const problems = crossChecks({ ...configuration, policies: parsed.data }, definitions, environment).filter(counts);
    if (problems.length > 0) return { problems };
    const knowledgeAlone = (at: number): boolean => parsed.data[at]?.['knowledge-alone'] === 'accept';
    return {
      policies: parsed.data.map((one, at) => ({ ...policyFrom(one), knowledgeAlone: knowledgeAlone(at) })),
      list: JSON.parse(JSON.stringify(parsed.data)) as Json,
    };
  };
}

/** Why a gate could not be used as Latchkey is configured: each setting that is in its way. */
export function gateTrouble({
  configuration,
  definitions,
  environment,
}: PolicyWorld): (gate: string) => readonly string[] {
  return (gate) => {
    const [first] = configuration.policies;
    if (first === undefined) return [];
    const { needed: _, 'unlock-after': __, channels: ___, gates: ____, ...plain } = first;
    const probe = { ...plain, zone: 'any' as const, chain: [gate], 'knowledge-alone': 'accept' as const };
    return crossChecks({ ...configuration, policies: [probe] }, definitions, environment).map(
      ({ setting, problem }) => `${setting}: ${problem}`,
    );
  };
}

function listProblems(issue: Parameters<typeof describeIssue>[0], list: Json): readonly ListProblem[] {
  const placed = { ...issue, path: ['policies', ...issue.path] };
  return describeIssue(placed, { policies: list }, new Set());
}
