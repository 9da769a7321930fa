import path from 'node:path';
import ejs from 'ejs';
import express, { type Express, type RequestHandler } from 'express';

const root = path.resolve(import.meta.dirname, '../..');

/** An Express app as every surface of Latchkey has it: nothing that tells of Express, one form of each path, EJS. */
export function createExpress(needs: {
  readonly trustedProxies: readonly string[];
  /** Folders of views besides Latchkey's own. */
  readonly viewFolders: readonly string[];
}): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', [...needs.trustedProxies]);
  app.set('query parser', 'simple');
  // Before the first router: a path has one form.
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('view engine', 'ejs');
  app.set('views', [path.join(root, 'views'), ...needs.viewFolders]);
  app.enable('view cache');
  app.engine('ejs', ejs.renderFile);
  return app;
}

/** Latchkey's own styles, scripts and pictures. */
export function setUpAssets(): RequestHandler {
  return express.static(path.join(root, 'public'), {
    index: false,
    redirect: false,
    setHeaders: (response) => void response.set('Cache-Control', 'public, max-age=300'),
  });
}
