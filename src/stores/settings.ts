import { z } from 'zod';

const sqlite = z.strictObject({
  kind: z.literal('sqlite'),
  /** Path of the database file, made with mode 0600 when there is none; `:memory:` keeps everything in memory. */
  file: z.string().min(1),
  /** How long a statement waits for another process that holds the database, before it is given up. */
  'busy-timeout-ms': z.int().min(0).max(60_000).default(5_000),
});

const postgresql = z.strictObject({
  kind: z.literal('postgresql'),
  /** Name or address of the server, or the folder of its Unix socket. Anything that leaves the machine is TLS. */
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(5_432),
  database: z.string().min(1),
  user: z.string().min(1),
  password: z.string().min(1).optional(),
  /** PEM file of the authorities that may have signed the server's certificate; the system's when left out. */
  'ca-file': z.string().min(1).optional(),
  /** Connections that this node holds at most. */
  'pool-size': z.int().min(1).max(100).default(10),
});

/** Where Latchkey keeps what outlives a request: a file for one node, PostgreSQL for several. */
export const storeSettings = z.discriminatedUnion('kind', [sqlite, postgresql]);

export type StoreSettings = z.output<typeof storeSettings>;
export type SqliteSettings = z.output<typeof sqlite>;
export type PostgresqlSettings = z.output<typeof postgresql>;
