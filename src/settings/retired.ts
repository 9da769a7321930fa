import type { SettingProblem } from './problems.ts';

/** Settings that there were once, and what to write in their place. */
export function retiredSettings(document: unknown): readonly SettingProblem[] {
  if (Reflect.get(Object(document), 'policy') === undefined) return [];
  const problem = 'is a list now, called policies';
  const remedy = [
    'Write "policies:", below it "- name: everyone" and "members: everyone", and below these what stands below policy',
    '(without its name)',
  ].join(' ');
  return [{ setting: 'policy', problem, remedy }];
}
