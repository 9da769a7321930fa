import type { Router } from 'express';

/** Every route that the routers hold, and every part of them that answers below an address. */
export function routesIn(stack: Router['stack'], prefix = ''): readonly (readonly [route: string, method: string])[] {
  return stack.flatMap((layer) => {
    const own = String(Reflect.get(layer, 'rawPath'));
    const below: unknown = Reflect.get(layer.handle, 'stack');
    const { route } = layer;
    if (route !== undefined) {
      const methods = Object.keys(Reflect.get(route, 'methods') as object).filter((method) => method !== '_all');
      return (methods.length === 0 ? ['any'] : methods).map(
        (name) => [prefix + route.path, name.toUpperCase()] as const,
      );
    }
    if (Array.isArray(below)) return routesIn(below, own === '/' ? prefix : prefix + own);
    return own === '/' ? [] : [[`${prefix}${own} (files)`, 'GET'] as const];
  });
}
