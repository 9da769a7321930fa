import type { Environment } from '../config.ts';
import type { Json } from '../core/json.ts';
import type { ListProblem, ReadPolicies } from '../core/stored-policies.ts';
import type { Definitions } from '../definitions.ts';
import { crossChecks } from './cross-checks.ts';
import { policyFrom, policyListSchema } from './policy-settings.ts';
import { describeIssue } from './problems.ts';
import type { Configuration } from './schema.ts';

export interface PolicyWorld {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
  readonly environment: Pick<Environment, 'production' | 'variables'>;
}

/** Reads a list of the store, a file or a form as the configuration's own is read, and refuses what that would refuse. */
export function policyReader({ definitions, environment, configuration }: PolicyWorld): ReadPolicies {
  const schema = policyListSchema(definitions);
  return (list) => {
    const parsed = schema.safeParse(list);
    if (!parsed.success) return { problems: parsed.error.issues.flatMap((issue) => listProblems(issue, list)) };
    const problems = crossChecks({ ...configuration, policies: parsed.data }, definitions, environment)
      // Gates that cannot be used are said by name, see `gateTrouble`.
      .filter(({ setting }) => setting === 'policies' || setting.startsWith('policies.'));
    if (problems.length > 0) return { problems };
    const knowledgeAlone = (at: number): boolean => parsed.data[at]?.['knowledge-alone'] === 'accept';
    return {
      policies: parsed.data.map((one, at) => ({ ...policyFrom(one), knowledgeAlone: knowledgeAlone(at) })),
      list: JSON.parse(JSON.stringify(parsed.data)) as Json,
    };
  };
}

/**
 * As `policyReader`, and refuses gates that cannot be used: for the list in force, which must not meet a configuration
 * that it was never checked against.
 */
export function usableReader(world: PolicyWorld): ReadPolicies {
  const read = policyReader(world);
  const troubleOf = gateTrouble(world);
  return (list) => {
    const found = read(list);
    if ('problems' in found) return found;
    const problems = found.policies.flatMap(({ chain }, at) =>
      chain.flatMap((gate) =>
        troubleOf(gate).map((why) => ({ setting: `policies.${at}.chain`, problem: `${gate}: ${why}` })),
      ),
    );
    return problems.length > 0 ? { problems } : found;
  };
}

function listProblems(issue: Parameters<typeof describeIssue>[0], list: Json): readonly ListProblem[] {
  const placed = { ...issue, path: ['policies', ...issue.path] };
  return describeIssue(placed, { policies: list }, new Set());
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
    const { needed: _, 'unlock-after': __, ...plain } = first;
    const probe = { ...plain, zone: 'any' as const, chain: [gate], 'knowledge-alone': 'accept' as const };
    return crossChecks({ ...configuration, policies: [probe] }, definitions, environment).map(
      ({ setting, problem }) => `${setting}: ${problem}`,
    );
  };
}
