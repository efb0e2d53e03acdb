/** Direct connections: they try every address of a host side by side, and read into one buffer each. */
import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import type { Agent, ClientRequestArgs, IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../host.ts';

/** How connections are made. */
export interface ConnectOptions {
  readonly clock: Clock;
  /** How long all addresses of a host are tried, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Looks up names; default: the system's. */
  readonly lookup?: (host: string) => Promise<LookupAddress[]>;
}

/** After how long the next address is tried beside those that have not answered yet, in milliseconds (RFC 8305). */
const NEXT_ADDRESS_MS = 250;

/**
 * Connects to the first address of a host that answers: `attempt` is called for another every 250 ms, or as soon as one
 * fails, and none is given up before the timeout. Node's own way gives each 250 ms, too short for a slow network.
 */
export async function connectToAny(
  host: string,
  { clock, connectTimeoutMs, lookup = (name) => systemLookup(name, { all: true }) }: ConnectOptions,
  attempt: (address: string) => Socket,
): Promise<Socket> {
  const addresses = alternating(await lookup(host)).values();
  const sockets = new Set<Socket>();
  const errors: Error[] = [];
  let cancelNext = (): void => {};
  let cancelTimeout = (): void => {};
  try {
    return await new Promise((resolve, reject) => {
      const next = (): void => {
        cancelNext();
        const { value: address } = addresses.next();
        if (address === undefined) return sockets.size === 0 ? reject(new AggregateError(errors)) : undefined;
        const socket = attempt(address);
        sockets.add(socket);
        socket.once('connect', () => {
          sockets.delete(socket);
          resolve(socket);
        });
        socket.on('error', (error) => {
          errors.push(error);
          if (sockets.delete(socket)) next();
        });
        cancelNext = clock.after(NEXT_ADDRESS_MS, next);
      };
      cancelTimeout = clock.after(connectTimeoutMs, () =>
        reject(Object.assign(new Error('no address answers'), { code: 'ETIMEDOUT' })),
      );
      next();
    });
  } finally {
    cancelNext();
    cancelTimeout();
    for (const socket of sockets) socket.destroy();
  }
}

/** The addresses in the system's order, but IPv6 and IPv4 in turns, so that one kind without a route costs little. */
function alternating(found: readonly LookupAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const second = found.filter(({ family }) => family !== found[0]?.family);
  const turns = first.flatMap((each, index) => [each, ...second.slice(index, index + 1)]);
  return [...turns, ...second.slice(first.length)].map(({ address }) => address);
}

/** What a connection reads into, in bytes; TLS gives at most 16 KiB. With new memory for each read, https takes 8 % more. */
const BUFFER_BYTES = 16 * 1024;

/** The memory that connections read into, again and again. */
const shared = new WeakSet<ArrayBufferLike>();

/** Makes an agent connect in the way of this file. */
export function directly<A extends Agent>(agent: A, connectOptions: ConnectOptions): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const host = options.host ?? 'localhost';
    const attempt = (address: string): Socket => {
      const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      shared.add(buffer.buffer);
      // What is read is emitted as usual. The listener is Node's HTTP parser, which copies what it passes on of a body
      // (in Node 20 to 26), so the buffer is free when it returns; see `guardBody`.
      const callback = (length: number): boolean => {
        socket.emit('data', buffer.subarray(0, length));
        // A paused connection reads no more, but does not hold back what it has read.
        return true;
      };
      const onread = { buffer, callback };
      const socket = create({ ...options, host: address, onread } as ClientRequestArgs) as Socket;
      return socket;
    };
    if (isIP(host) !== 0) return attempt(host);
    const callback = done as (error: Error | null, socket?: Duplex) => void;
    connectToAny(host, connectOptions, attempt).then((socket) => callback(null, socket), callback);
    return undefined;
  };
  return agent;
}

/**
 * Copies each chunk of a body that shares memory with a connection's buffer before anything else sees it: a parser
 * that did not copy would let the disk get other bytes than the hash. To be called before the body arrives.
 */
export function guardBody(response: Pick<IncomingMessage, 'push'>): void {
  const push = response.push.bind(response);
  response.push = (chunk: Uint8Array | null) =>
    push(chunk !== null && shared.has(chunk.buffer) ? Buffer.from(chunk) : chunk);
}
