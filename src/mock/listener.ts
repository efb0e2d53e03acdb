import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A server on the loopback address. */
export interface Listener {
  /** Such as `http://127.0.0.1:4000`. */
  readonly origin: string;
  /** Breaks all connections and stops listening. */
  close(): Promise<void>;
}

/** What is called for each request; `reset` breaks its connection. */
export type Handler = (request: IncomingMessage, response: ServerResponse, reset: () => void) => void;

/**
 * Listens on 127.0.0.1.
 * @throws what node throws where the port is taken
 */
export async function listen(
  handler: Handler,
  port: number,
  tls?: { readonly key: string; readonly cert: string },
): Promise<Listener> {
  // By the client's port, because a TLS socket cannot be reset, only the one beneath it.
  const sockets = new Map<number | undefined, Socket>();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const clientPort = request.socket.remotePort;
    handler(request, response, () => sockets.get(clientPort)?.resetAndDestroy());
  };
  const server: Server = tls ? createTlsServer({ ...tls }, onRequest) : createServer(onRequest);
  // An idle connection that ends by itself just as a client reuses it would be a fault nobody asked for.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    // Clients break connections as they like; that is no failure of the server.
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(remotePort));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${actualPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}
