import type { Directory, PreparedWrite } from '../directory.ts';
import type { Message } from '../message.ts';

export interface DryDirectoryNeeds {
  readonly directory: Directory;
  /** Told of what would have been written, and where. Never of a password. */
  readonly note: (message: Message) => void;
}

/**
 * The directory as a dry run has it: it reads the real one, and has nothing that could write there or prove a password.
 * What would have been written is told, and said to have worked.
 */
export function dryDirectory({ directory, note }: DryDirectoryNeeds): Directory {
  const nothing = async (): Promise<never> => {
    throw new Error('a dry run does not do this');
  };
  const would = (key: string, { server, lockoutTime }: PreparedWrite): { readonly kind: 'done' } => {
    note({ key, values: { server } });
    if (lockoutTime === '0') note({ key: 'console.drive.not-locked' });
    return { kind: 'done' };
  };
  return {
    domain: directory.domain,
    find: (login) => directory.find(login),
    read: (id) => directory.read(id),
    passwordPolicy: (account) => directory.passwordPolicy(account),
    prepareWrite: (account) => directory.prepareWrite(account),
    observe: (write) => directory.observe(write),
    findGroup: (name) => directory.findGroup(name),
    findUnit: (path) => directory.findUnit(path),
    units: () => directory.units(),
    manager: (account) => directory.manager(account),
    health: () => directory.health(),
    unlock: async (write) => would('console.drive.would-unlock', write),
    resetPassword: async (write) => would('console.drive.would-reset', write),
    authenticate: nothing,
    searchPeople: nothing,
    walkPeople: () => {
      throw new Error('a dry run walks through nobody');
    },
    check: async () => [],
    close: async () => undefined,
  };
}
