import { userInfo } from 'node:os';

/** Who runs the command, for the audit. A container may have a user that no file names. */
export function operator(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
