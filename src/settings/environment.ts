/** The environment as far as Latchkey knows it. Nothing but config.ts reads process.env. */
export interface Environment {
  readonly configurationFile: string;
  readonly production: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
}
