/**
 * Agents whose connections read into one buffer each. Node's own way takes new memory for every read, which over TLS
 * is every record of at most 16 KiB: a quarter of the time of a large download.
 */
import { Agent, type ClientRequestArgs } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { ConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** Measured over plain http: 64 KiB takes a fifth longer, and more than this gains nothing. */
const BUFFER_BYTES = 256 * 1024;

/** Answers for http. */
export class OneBufferAgent extends Agent {
  override createConnection(...[options, callback]: Parameters<Agent['createConnection']>): Connection {
    return intoOneBuffer(options, (reading) => super.createConnection(reading, callback));
  }
}

/** Answers for https. */
export class OneBufferSecureAgent extends SecureAgent {
  override createConnection(...[options, callback]: Parameters<SecureAgent['createConnection']>): Connection {
    return intoOneBuffer(options, (reading) => super.createConnection(reading, callback));
  }
}

type Connection = Duplex | null | undefined;

/**
 * Connects, and gives what is read to whoever listens for data, as if the connection had read it as usual. The
 * listener is Node's parser of HTTP, which copies what it hands on, so that the buffer is free when it returns.
 */
function intoOneBuffer<Options extends ClientRequestArgs>(
  options: Options,
  connect: (options: Options & ConnectOpts) => Connection,
): Connection {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const callback = (length: number): boolean => {
    connection?.emit('data', buffer.subarray(0, length));
    return true;
  };
  const connection = connect({ ...options, onread: { buffer, callback } });
  return connection;
}
