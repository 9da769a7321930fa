import type { Answer } from './visitor.ts';

/** What differs between any two visits of one and the same person. */
const nonces = new Set(['date', 'set-cookie', 'connection', 'keep-alive', 'content-length']);

/** The questions of these worlds: which of them somebody is asked is theirs, as their masks are. */
const questions =
  /What was your first school called\?|Which place by the water do you like best\?|Who was your hero when you were ten\?/g;

/** What an answer shows of whom it is for: without its nonces, masks and questions. */
export function outside(answer: Answer): { readonly status: number } & Readonly<Record<string, unknown>> {
  const headers = Object.entries(answer.headers).filter(([name]) => !nonces.has(name));
  const cookies = [answer.headers['set-cookie'] ?? []].flat().map((line) => line.replace(/=[^;]*/, '=…'));
  const body = answer.text
    .replace(/name="_csrf" value="[^"]*"/g, 'token')
    .replace(/give this number: [^.]*/g, 'correlation')
    .replace(/<bdi dir="ltr">\d\d<\/bdi>|key in .?\d\d.? and/g, 'match')
    .replace(/••\d\d/g, 'mask')
    .replace(questions, 'question');
  return { status: answer.status, headers, cookies, body };
}
