import { type SubjectRef, subjectKey } from '../flow-subject.ts';

/**
 * What wrong answers of this flow are counted under, and what a bar ends. Flows that began under a bar count apart, from
 * nothing, and are barred apart: they go on as if there were no bar, or a few answers would tell who is barred, and so
 * who is there at all.
 */
export function failureKey(subject: SubjectRef & { readonly underBars?: number; readonly countedAs?: string }): string {
  const { underBars = 0, countedAs } = subject;
  if (countedAs !== undefined) return countedAs;
  return underBars === 0 ? subjectKey(subject) : `under-bar:${underBars}:${subjectKey(subject)}`;
}
