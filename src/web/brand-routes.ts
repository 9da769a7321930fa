import { Router } from 'express';

/** The organisation's colours and logo, read once at the start. */
export interface Brand {
  readonly colours?: {
    readonly light: string;
    readonly lightText: string;
    readonly dark: string;
    readonly darkText: string;
  };
  readonly logo?: { readonly type: 'image/png' | 'image/svg+xml'; readonly bytes: Buffer };
}

const logoPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/** Serves the organisation's look as a stylesheet of its own, so that no page needs an inline style. */
export function brandRoutes(brand: Brand): Router {
  const style = brand.colours === undefined ? '' : styleOf(brand.colours);
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/brand.css', (_request, response) => {
    response.set('Cache-Control', 'public, max-age=300').type('text/css').send(style);
  });
  router.get('/brand/logo', (_request, response, next) => {
    if (brand.logo === undefined) return next();
    // A logo that holds a script must not be able to run it, even when opened by itself.
    response.set('Content-Security-Policy', logoPolicy);
    response.set('Cache-Control', 'public, max-age=300').type(brand.logo.type).send(brand.logo.bytes);
  });
  return router;
}

function styleOf(colours: NonNullable<Brand['colours']>): string {
  return [
    `:root{--key:${colours.light};--key-ink:${colours.lightText}}`,
    `@media (prefers-color-scheme:dark){:root{--key:${colours.dark};--key-ink:${colours.darkText}}}`,
    '',
  ].join('\n');
}
