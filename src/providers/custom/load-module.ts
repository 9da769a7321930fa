import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { Misconfigured } from '../../core/errors.ts';
import { pollSeconds } from './await-end.ts';
import type { CustomModule } from './module-provider.ts';
import { scrubbed } from './scrubbed.ts';

/** A package in the manner of MIM's custom providers. */
export const customModuleSettings = z.strictObject({
  /** Name of an npm package, or a path that begins with a dot, from the configuration file. */
  package: z.string().min(1),
  /** Handed to the module when it exports a class or a function. */
  options: z.record(z.string(), z.string()).default({}),
  /** Seconds between two questions about a call that is pending. */
  'poll-seconds': pollSeconds,
});

export type CustomModuleSettings = z.output<typeof customModuleSettings>;

type Member = (...values: readonly unknown[]) => unknown;

const callNames = ['initiateCall', 'getCallStatus', 'getFailureMessage'] as const;
const textNames = ['sendSms'] as const;

/**
 * Loads the module and takes what it offers.
 * Throws Misconfigured when it cannot be loaded or made, or offers neither calls nor texts, or calls without their status.
 */
export async function loadModule(settings: CustomModuleSettings, folder: string): Promise<CustomModule> {
  const { package: name, options } = settings;
  const target = name.startsWith('.') || path.isAbsolute(name) ? pathToFileURL(path.resolve(folder, name)).href : name;
  const loaded: unknown = await import(target).catch((cause: unknown) => {
    throw new Misconfigured(`the package ${name} cannot be loaded`, cause);
  });
  const made = await make(exportedBy(loaded), settings);
  const calls = members(made, callNames);
  const texts = members(made, textNames);
  if (calls.initiateCall !== undefined && Object.values(calls).includes(undefined)) {
    throw new Misconfigured(`the package ${name} has initiateCall, and needs getCallStatus and getFailureMessage`);
  }
  if (calls.initiateCall === undefined && texts.sendSms === undefined) {
    throw new Misconfigured(`the package ${name} offers neither initiateCall nor sendSms`);
  }
  return {
    ...(calls.initiateCall === undefined ? {} : { calls: calls as unknown as NonNullable<CustomModule['calls']> }),
    ...(texts.sendSms === undefined ? {} : { texts: texts as unknown as NonNullable<CustomModule['texts']> }),
    pollSeconds: settings['poll-seconds'],
    secrets: Object.values(options),
  };
}

/** The default export, also of what was compiled to CommonJS; without one, the exports themselves. */
function exportedBy(loaded: unknown): unknown {
  const exported: unknown = Reflect.get(Object(loaded), 'default') ?? loaded;
  return Reflect.get(Object(exported), '__esModule') === true ? exportedBy(exported) : exported;
}

/** What a class or function makes of the options; anything else is taken as it is. */
async function make(exported: unknown, { package: name, options }: CustomModuleSettings): Promise<unknown> {
  if (typeof exported !== 'function') return exported;
  try {
    return isClass(exported as Member) ? Reflect.construct(exported, [options]) : await (exported as Member)(options);
  } catch (fault) {
    // Without its cause: a module may say what it was given.
    const said = fault instanceof Error ? fault.message : String(fault);
    throw new Misconfigured(`the package ${name} cannot be made: ${scrubbed(said, Object.values(options))}`);
  }
}

/** Also one that was compiled to a function, whose methods its prototype has. */
function isClass(exported: Member): boolean {
  const written = /^class\b/.test(Function.prototype.toString.call(exported));
  const found = members(Reflect.get(exported, 'prototype'), [...callNames, ...textNames]);
  return written || Object.values(found).some((member) => member !== undefined);
}

/** The named methods, bound to their object; in MIM's own spelling as well. */
function members(from: unknown, names: readonly string[]): Readonly<Record<string, Member | undefined>> {
  return Object.fromEntries(
    names.map((name) => {
      const found: unknown =
        Reflect.get(Object(from), name) ?? Reflect.get(Object(from), name.charAt(0).toUpperCase() + name.slice(1));
      return [name, typeof found === 'function' ? (found.bind(from) as Member) : undefined];
    }),
  );
}
