import { enableCompileCache } from 'node:module';

// Shortens every start but the first; where nothing can be written, it does nothing.
enableCompileCache();
const { start } = await import('./start.ts');

await start(process.env);
