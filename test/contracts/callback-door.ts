import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pino from 'pino';
import type { Callback, Received } from '../../src/core/provider.ts';
import { callbackPath, callbackRoutes } from '../../src/web/callback-routes.ts';
import { setUpRequestLog } from '../../src/web/request-log.ts';

/** The shipped route for reports, on a server of its own. Who receives is said later. */
export class CallbackDoor {
  receive: (provider: string, callback: Callback) => Promise<Received | undefined> = async () => undefined;
  /** What was answered so far, oldest first. */
  readonly statuses: number[] = [];
  readonly origin: string;
  readonly #server: Server;

  static async open(): Promise<CallbackDoor> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CallbackDoor(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  private constructor(server: Server, origin: string) {
    this.#server = server;
    this.origin = origin;
    const app = express();
    app.use(setUpRequestLog({ log: pino({ enabled: false }) }));
    app.use((_request, response, next) => {
      response.on('finish', () => this.statuses.push(response.statusCode));
      next();
    });
    app.use(callbackRoutes({ publicUrl: new URL(origin), receive: (name, callback) => this.receive(name, callback) }));
    const refuse: express.ErrorRequestHandler = (fault, _request, response, _next) =>
      void response.status(Number(Reflect.get(Object(fault), 'status') ?? 500)).end();
    app.use(refuse);
    server.on('request', app);
  }

  url(provider: string, reference: string): string {
    return new URL(callbackPath(provider, reference), this.origin).href;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
