/** The body of one response: its flow, its silence, and the verdict on how it ended. */
import type { IncomingMessage } from 'node:http';
import { addAbortSignal, pipeline, type Transform } from 'node:stream';
import { finished as ended } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { NetworkError, RefusedError } from '../errors.ts';
import type { Clock } from '../host.ts';
import { CHECK_ENCODING, networkError } from './network-errors.ts';

/** A body that is read by one consumer after another. It begins paused. A pause is the reader's own, so no stall. */
export interface Body {
  /** Settles when the body has ended: rejects with a MaviError if it broke off, stalled or was aborted. */
  readonly finished: Promise<void>;
  /** Bytes received over the network so far: before decoding, for those are billed. */
  readonly wireBytes: number;
  /** All its bytes, if the server said so and the body is not encoded; else null. */
  readonly contentLength: number | null;
  /** Hands every chunk from now on to `consumer`; the body flows when it is resumed. */
  use(consumer: (chunk: Uint8Array) => void): void;
  /** Stops the flow, for as long as the reader likes. */
  pause(): void;
  /** Lets the flow go on. */
  resume(): void;
  /** Closes the connection; `finished` rejects with `error`, a MaviError. What had come is still handed on. Without effect once the body has ended. */
  abort(error: unknown): void;
}

/** Chunks below the first size are copied together up to the second, in bytes: each costs some 200 bytes of its own. */
const SMALL_BYTES = 512;
const MERGED_BYTES = 16 * 1024;

/** How many bytes may come compressed while nothing is decoded: they are billed, and nothing else would end them. */
const MOST_EMPTY_BYTES = 1024 * 1024;

/** How many times its size a body may become by decoding. */
const LARGEST_RATIO = 200;

/** Values of Content-Encoding that leave a body as it is, by mistake or (aws-chunked) left over from an upload. */
const NO_ENCODING = new Set(['', 'identity', 'none', 'binary', 'utf-8', 'utf8', 'aws-chunked']);

/** What decodes a body; null for none. Throws RefusedError for all but gzip, which proxies add unasked. */
function decoderFor(source: IncomingMessage, host: string): Transform | null {
  const { 'content-encoding': encoding = '' } = source.headers;
  const names = encoding.split(',').map((each) => each.trim().toLowerCase());
  const [name, ...others] = names.filter((each) => !NO_ENCODING.has(each));
  if (name === undefined) return null;
  if ((name === 'gzip' || name === 'x-gzip') && others.length === 0) return createGunzip();
  source.destroy();
  const text = `${host} sent the unsupported Content-Encoding '${encoding.trim()}'`;
  throw new RefusedError('encoding', text, { hint: CHECK_ENCODING });
}

/** The body of a response, from a paused source, until `signal` ends it. Throws RefusedError for its encoding. */
export function bodyOf(
  source: IncomingMessage,
  host: string,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  signal: AbortSignal,
): Body {
  const decoder = decoderFor(source, host);
  const { 'content-length': length = '' } = source.headers;
  const wireLength = /^\d{1,15}$/.test(length) ? Number(length) : null;
  const stream = addAbortSignal(signal, decoder === null ? source : pipeline(source, decoder, () => {}));
  let consumer: (chunk: Uint8Array) => void = () => {};
  let isReading = false;
  let wireBytes = 0;
  let lastByteMs = clock.ticksMs();
  let small: Buffer | null = null;
  let smallBytes = 0;
  const abort = (error: unknown): void => void stream.destroy(error as Error);

  const count = (chunk: Uint8Array): void => {
    wireBytes += chunk.length;
    lastByteMs = clock.ticksMs();
  };

  const flush = (): void => {
    if (small === null || smallBytes === 0) return;
    const merged = Buffer.from(small.subarray(0, smallBytes));
    smallBytes = 0;
    consumer(merged);
  };

  const flushSoon = (): void => {
    // While the reader pauses, they wait for it.
    setImmediate(() => isReading && flush());
  };

  /** Hands a chunk on; small ones together, once per turn of the event loop or when there are enough. */
  const take = (chunk: Uint8Array): void => {
    if (chunk.length >= SMALL_BYTES) {
      flush();
      return consumer(chunk);
    }
    if (smallBytes === 0) flushSoon();
    // Copied now, not later: what lives until then makes the heap grow.
    small ??= Buffer.alloc(MERGED_BYTES);
    small.set(chunk, smallBytes);
    smallBytes += chunk.length;
    if (smallBytes > MERGED_BYTES - SMALL_BYTES) flush();
  };

  // Paused before it gets a listener for data, which would set it flowing.
  stream.pause();
  if (decoder === null) {
    source.on('data', (chunk: Uint8Array) => {
      count(chunk);
      take(chunk);
    });
  } else {
    let decodedBytes = 0;
    source.on('data', (chunk: Uint8Array) => {
      count(chunk);
      if (wireBytes <= 2 * decodedBytes + MOST_EMPTY_BYTES) return;
      const text = `the compressed body from ${host} is larger than what it contains`;
      abort(new RefusedError('encoding', text, { hint: CHECK_ENCODING }));
    });
    decoder.on('data', (chunk: Uint8Array) => {
      decodedBytes += chunk.length;
      if (decodedBytes <= LARGEST_RATIO * wireBytes) return take(chunk);
      const text = `the compressed body from ${host} grows beyond ${LARGEST_RATIO} times its size`;
      abort(new RefusedError('encoding', text, { hint: CHECK_ENCODING }));
    });
  }
  const silentSinceMs = (): number => (isReading ? lastByteMs : clock.ticksMs());
  const cancelWatch = watchForStall(clock, timeoutMs, silentSinceMs, () => abort(stalled(host, timeoutMs)));
  const conclude = async (): Promise<void> => {
    // Of a decoder only its own end: what may follow the compressed data is nothing of the body.
    const cause = await ended(stream, { writable: false }).then(
      () => null,
      (error: Error) => error,
    );
    cancelWatch();
    source.destroy();
    // What came before the end still counts.
    flush();
    if (cause === null && wireBytes >= (wireLength ?? 0)) return;
    const error = networkError(cause, host);
    // A peer whose bytes have come speaks TLS: a broken record is a broken connection.
    if (cause !== null && error.code !== 'connection_lost' && error.code !== 'tls') throw error;
    const of = wireLength === null ? '' : ` of ${wireLength}`;
    const text = `connection to ${host} lost after ${wireBytes}${of} bytes`;
    const hint = 'check the network and run the command again';
    throw new NetworkError('connection_lost', text, { hint, cause });
  };
  const finished = conclude();
  // Whoever waits sees the failure; nobody waiting is no reason to end the process.
  finished.catch(() => {});

  return {
    finished,
    // The length on the wire says nothing about a file that is encoded.
    contentLength: decoder === null ? wireLength : null,
    get wireBytes() {
      return wireBytes;
    },
    use(next) {
      consumer = next;
    },
    pause() {
      isReading = false;
      stream.pause();
    },
    resume() {
      isReading = true;
      lastByteMs = clock.ticksMs();
      if (smallBytes > 0) flushSoon();
      stream.resume();
    },
    abort,
  };
}

/** Reads a small body completely; null for one of more than `mostBytes`, of which no more is read. */
export async function readSmallBody(body: Body, mostBytes: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const tooLong = new NetworkError('too_long', 'the response is too long');
  body.use((chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) body.abort(tooLong);
  });
  body.resume();
  await body.finished.catch((error) => {
    if (error !== tooLong) throw error;
  });
  return size > mostBytes ? null : Buffer.concat(chunks);
}

/** A timer this late, in milliseconds, shows that the process itself was stopped, or the machine suspended. */
const LATE_MS = 1000;

/**
 * Calls back when the silence since `sinceMs`, in the clock's ticks, has reached the timeout; returns what ends the watch.
 * Time in which the process was stopped is no silence: what lies in the socket is read before judging, and after a stop
 * everything gets the full timeout again.
 */
export function watchForStall(
  clock: Clock,
  timeoutMs: number,
  sinceMs: () => number,
  onStall: () => void,
): () => void {
  const leftMs = (): number => sinceMs() + timeoutMs - clock.ticksMs();
  let isOver = false;
  let cancel = (): void => {};
  const wait = (delayMs: number): void => {
    const dueMs = clock.ticksMs() + delayMs;
    cancel = clock.after(delayMs, () => {
      if (leftMs() > 0) return wait(leftMs());
      const isLate = clock.ticksMs() - dueMs > LATE_MS;
      // Between timers and this, Node reads from its sockets.
      setImmediate(() => {
        if (isOver) return;
        if (leftMs() > 0) wait(leftMs());
        else if (isLate) wait(timeoutMs);
        else onStall();
      });
    });
  };
  wait(timeoutMs);
  return () => {
    isOver = true;
    cancel();
  };
}

/** The error of a connection on which nothing, or no complete response, comes any more. */
export function stalled(host: string, timeoutMs: number, inHeaders = false): NetworkError {
  const time = `${Math.round(timeoutMs / 100) / 10} s`;
  const hint = 'run the command again; for a slow server set a longer --timeout';
  const endless = `the response headers from ${host} are not complete after ${time}`;
  return new NetworkError('stall', inHeaders ? endless : `no data from ${host} for ${time}`, { hint });
}
