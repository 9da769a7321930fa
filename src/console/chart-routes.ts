import { fileURLToPath } from 'node:url';
import { Router } from 'express';

/** Chart.js in one file, as its package brings it, beside the module that the package names. */
const file = fileURLToPath(new URL('./chart.umd.min.js', import.meta.resolve('chart.js')));

/** The library that draws the reports, from here as everything that a browser loads. */
export function chartRoutes(): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/chart.js', (_request, response) => {
    response.set('Cache-Control', 'public, max-age=86400').sendFile(file);
  });
  return router;
}
