import { demoPassword, demoPeople } from '../../src/directories/demo/people.ts';
import type { Walker } from './steps.ts';

/** Somebody of the demo, by what they are there to show. */
export function demoWalker(situation: string): Walker {
  const person = demoPeople.find((one) => one.situation === situation);
  if (person === undefined) throw new Error(`nobody in the demo is ${situation}`);
  const { samName, telephone, mobile } = person;
  return { login: samName, password: demoPassword, telephone, mobile };
}
