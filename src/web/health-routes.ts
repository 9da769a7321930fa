import { Router } from 'express';

export interface HealthNeeds {
  /** Whether this node can serve: its store works and it is not draining. A lost directory does not count. */
  readonly ready: () => Promise<boolean>;
}

/** For load balancers and supervisors: a bare status and nothing that helps an attacker. */
export function healthRoutes(needs: HealthNeeds): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/health/live', (_request, response) => {
    response.type('text/plain').send('ok\n');
  });
  router.get('/health/ready', async (_request, response) => {
    const ready = await needs.ready().catch(() => false);
    response
      .status(ready ? 200 : 503)
      .type('text/plain')
      .send(ready ? 'ok\n' : 'not ready\n');
  });
  return router;
}
