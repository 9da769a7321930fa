import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { Misconfigured } from '../../core/errors.ts';
import type { CustomModule } from './module-provider.ts';

/** A package in the manner of MIM's custom providers. */
export const customModuleSettings = z.strictObject({
  /** Name of an npm package, or a path that begins with a dot, from the configuration file. */
  package: z.string().min(1),
  /** Handed to the module when it exports a function. */
  options: z.record(z.string(), z.string()).default({}),
});

export type CustomModuleSettings = z.output<typeof customModuleSettings>;

type Member = (...values: readonly unknown[]) => unknown;

/**
 * Loads the module and takes what it offers.
 * Throws Misconfigured when it cannot be loaded, or offers neither calls nor texts, or calls without their status.
 */
export async function loadModule(settings: CustomModuleSettings, folder: string): Promise<CustomModule> {
  const name = settings.package;
  const target = name.startsWith('.') || path.isAbsolute(name) ? pathToFileURL(path.resolve(folder, name)).href : name;
  const loaded: unknown = await import(target).catch((cause: unknown) => {
    throw new Misconfigured(`the package ${name} cannot be loaded`, cause);
  });
  const exported: unknown = Reflect.get(Object(loaded), 'default') ?? loaded;
  const made: unknown = typeof exported === 'function' ? await (exported as Member)(settings.options) : exported;
  const calls = members(made, ['initiateCall', 'getCallStatus', 'getFailureMessage']);
  const texts = members(made, ['sendSms']);
  const partly = calls.initiateCall !== undefined && Object.values(calls).includes(undefined);
  if (partly)
    throw new Misconfigured(`the package ${name} has initiateCall, and needs getCallStatus and getFailureMessage`);
  if (calls.initiateCall === undefined && texts.sendSms === undefined) {
    throw new Misconfigured(`the package ${name} offers neither initiateCall nor sendSms`);
  }
  return {
    ...(calls.initiateCall === undefined ? {} : { calls: calls as unknown as NonNullable<CustomModule['calls']> }),
    ...(texts.sendSms === undefined ? {} : { texts: texts as unknown as NonNullable<CustomModule['texts']> }),
  };
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
