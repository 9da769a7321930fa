import { z } from 'zod';
import { parseLogin } from '../core/login.ts';

const group = z.string().trim().min(1).max(256);
const unit = z.string().trim().min(1).max(1024);
const login = z.string().refine((text) => parseLogin(text) !== undefined, 'must be a user name as people type it');

/**
 * The console: where it is reached, who is staff, and how long a sign-in lasts. Nothing listens without it.
 * @param shared schemas that the portals' settings have as well
 */
export function consoleSettings<Url extends z.ZodType, Tls extends z.ZodType>(shared: {
  readonly publicUrl: Url;
  readonly tls: Tls;
  /** Ids of the gates that are known. */
  readonly gates: readonly string[];
}) {
  const { gates } = shared;
  const gate = z.string().refine((id) => gates.includes(id), `must be one of ${gates.join(', ')}`);
  const roles = z
    .strictObject({
      administrators: z.array(group).default([]),
      auditors: z.array(group).default([]),
      helpdesk: z
        .array(z.strictObject({ group, units: z.union([z.literal('all'), z.array(unit).min(1)]) }))
        .default([]),
    })
    .refine(
      ({ administrators, auditors, helpdesk }) => administrators.length + auditors.length + helpdesk.length > 0,
      'must name at least one group of the directory, or nobody could use the console',
    );
  return z.strictObject({
    'public-url': shared.publicUrl,
    host: z.string().default('127.0.0.1'),
    port: z.int().min(0).max(65_535),
    tls: shared.tls,
    roles,
    'second-factor': z
      .array(gate)
      .min(1)
      .refine((ids) => new Set(ids).size === ids.length, 'names a gate twice'),
    'idle-minutes': z.int().min(1).max(60).default(15),
    hours: z.int().min(1).max(24).default(8),
    'fresh-minutes': z.int().min(1).max(60).default(5),
    'test-accounts': z.array(login).max(20).default([]),
  });
}
