/** A value that survives JSON.stringify and JSON.parse unchanged: all that flows, gates and providers may keep. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
