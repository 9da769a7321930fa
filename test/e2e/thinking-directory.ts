import type { Directory, PreparedWrite, WriteResult } from '../../src/core/directory.ts';

/** Makes a directory sit on its next reset until it is told to go on; the reset itself is the directory's own. */
export class ThinkingDirectory {
  /** Resolves when the directory has been asked. */
  readonly asked: Promise<void>;
  #goOn: () => void = () => {};

  constructor(directory: Directory) {
    const mayGoOn = new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
    this.asked = new Promise((resolve) => {
      Object.assign(directory, {
        resetPassword: async (write: PreparedWrite, password: string): Promise<WriteResult> => {
          Reflect.deleteProperty(directory, 'resetPassword');
          resolve();
          await mayGoOn;
          return directory.resetPassword(write, password);
        },
      });
    });
  }

  answer(): void {
    this.#goOn();
  }
}
