import type { Account } from '../account.ts';
import type { PasswordPolicy } from '../directory.ts';
import type { Message, Problem } from '../message.ts';
import type { PasswordScreen } from '../password-screen.ts';

/**
 * One line of the checklist beside the password field. `met` is undefined where it is judged elsewhere.
 * Rules of composition are the directory's own: Latchkey reports them and adds none (ASVS 6.2.5).
 */
export interface PasswordRule {
  readonly id: 'length' | 'name' | 'kinds' | 'history' | 'age' | 'context' | 'known';
  /** Who asks for it. */
  readonly from: 'directory' | 'portal';
  readonly message: Message;
  readonly met?: boolean;
}

/** Whether the page can only say so once Next is pressed. */
export function isJudgedLater(rule: PasswordRule): boolean {
  return ['history', 'age', 'context', 'known'].includes(rule.id);
}

/** What to say of a password that does not meet a rule. */
export function unmetProblem(rule: PasswordRule): Problem {
  const { values } = rule.message;
  return {
    field: 'password',
    message: { key: `password.unmet.${rule.id}`, ...(values === undefined ? {} : { values }) },
  };
}

/** Windows counts UTF-16 units, and so does String.length. */
const maxLength = 256;

/** Who asks for what. */
export interface RuleSources {
  readonly policy: PasswordPolicy;
  readonly screen: Pick<PasswordScreen, 'minLength' | 'organisation' | 'knowsLeaked'>;
}

/**
 * The directory's policy and Latchkey's own checks as sentences, judged for a password where that can be done at once.
 * The longer of the two least lengths holds.
 * @param password undefined before anything was typed
 */
export function passwordRules(
  { policy, screen }: RuleSources,
  account: Pick<Account, 'samName' | 'displayName'>,
  password?: string,
): readonly PasswordRule[] {
  const judge = (test: (typed: string) => boolean): { met?: boolean } =>
    password === undefined ? {} : { met: test(password) };
  const rules: PasswordRule[] = [];
  const least = Math.max(policy.minLength, screen.minLength, 1);
  rules.push({
    id: 'length',
    from: screen.minLength > policy.minLength ? 'portal' : 'directory',
    message: { key: 'password.rules.length', values: { count: least } },
    ...judge((typed) => typed.length >= least && typed.length <= maxLength),
  });
  if (policy.complexity) {
    rules.push({
      id: 'name',
      from: 'directory',
      message: { key: 'password.rules.name' },
      ...judge((typed) => !holdsName(typed, account)),
    });
    rules.push({
      id: 'kinds',
      from: 'directory',
      message: { key: 'password.rules.kinds' },
      ...judge((typed) => kindsOf(typed) >= 3),
    });
  }
  if (policy.hintsEnforced && policy.historyLength > 0) {
    const values = { count: policy.historyLength };
    rules.push({ id: 'history', from: 'directory', message: { key: 'password.rules.history', values } });
  }
  if (policy.hintsEnforced && policy.minAgeSeconds > 0) {
    const days = Math.ceil(policy.minAgeSeconds / 86_400);
    rules.push({ id: 'age', from: 'directory', message: { key: 'password.rules.age', values: { count: days } } });
  }
  const values = { organisation: screen.organisation };
  rules.push({ id: 'context', from: 'portal', message: { key: 'password.rules.context', values } });
  rules.push({
    id: 'known',
    from: 'portal',
    message: { key: screen.knowsLeaked ? 'password.rules.known' : 'password.rules.common' },
  });
  return rules;
}

/** How many of the five kinds of character stand in it (MS-SAMR 3.1.1.7.2). */
function kindsOf(password: string): number {
  const kinds = [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[~!@#$%^&*_\-+=`|\\(){}[\]:;"'<>,.?/€£]/, /[\p{Lo}\p{Lt}\p{Lm}]/u];
  return kinds.filter((kind) => kind.test(password)).length;
}

/** Whether the login, or a part of the display name of three or more characters, stands in it (MS-SAMR 3.1.1.7.2). */
function holdsName(password: string, account: Pick<Account, 'samName' | 'displayName'>): boolean {
  const typed = password.toLowerCase();
  const parts = account.displayName.split(/[\s,.\-_#\t]+/u).filter((part) => part.length >= 3);
  const names = account.samName.length >= 3 ? [account.samName, ...parts] : parts;
  return names.some((name) => typed.includes(name.toLowerCase()));
}
