/** The body of one response: its flow, and the verdict on how it ended. */
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { type MaviError, NetworkError, RefusedError } from '../errors.ts';
import type { Clock } from '../host.ts';
import { CHECK_ENCODING, networkError } from './network-errors.ts';
import { watchForStall } from './stall.ts';

/** What a body needs to know of its surroundings. */
interface BodyOptions {
  readonly clock: Clock;
  /** The longest time without a byte while somebody reads, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the body with its reason. */
  readonly signal: AbortSignal;
  /** The host, for messages. */
  readonly host: string;
  /** Content-Length of the response in bytes; null if it came without. */
  readonly contentLength: number | null;
  /** Decodes a Content-Encoding that was not asked for; null for none. */
  readonly decoder: Transform | null;
}

/** Chunks below the first size are copied together up to the second, in bytes: each costs some 200 bytes of its own. */
const SMALL_BYTES = 512;
const MERGED_BYTES = 16 * 1024;

/** How many times its size a body may become by decoding. */
const LARGEST_RATIO = 200;

/**
 * A body that is read by one consumer after another. It begins paused. A pause is the reader's own, so it is no stall
 * however long it takes.
 */
export class Body {
  /** Settles when the body has ended: rejects with a MaviError if it broke off, stalled or was aborted. */
  readonly finished: Promise<void>;
  readonly #source: IncomingMessage;
  readonly #stream: Readable;
  readonly #options: BodyOptions;
  #settle!: (error: unknown) => void;
  #settled = false;
  #consumer: (chunk: Uint8Array) => void = () => {};
  #reading = false;
  #lastByteMs: number;
  #cancelWatch: () => void = () => {};
  #wireBytes = 0;
  #decodedBytes = 0;
  #small: Uint8Array | null = null;
  #smallBytes = 0;

  constructor(source: IncomingMessage, options: BodyOptions) {
    this.#source = source;
    this.#options = options;
    this.#stream = options.decoder === null ? source : source.pipe(options.decoder);
    this.#lastByteMs = options.clock.ticksMs();
    this.finished = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    // Whoever waits sees the failure; nobody waiting is no reason to end the process.
    this.finished.catch(() => {});
    this.#listen();
  }

  /** Bytes received over the network so far: before decoding, for those are billed. */
  get wireBytes(): number {
    return this.#wireBytes;
  }

  /** Hands every chunk from now on to `consumer`; the body flows when it is resumed. */
  use(consumer: (chunk: Uint8Array) => void): void {
    this.#consumer = consumer;
  }

  /** Stops the flow, for as long as the reader likes. */
  pause(): void {
    this.#reading = false;
    this.#stream.pause();
  }

  /** Lets the flow go on. */
  resume(): void {
    if (this.#settled) return;
    this.#reading = true;
    this.#lastByteMs = this.#options.clock.ticksMs();
    if (this.#smallBytes > 0) this.#flushSoon();
    this.#stream.resume();
  }

  /** Closes the connection; `finished` rejects with `error`. Without effect once the body has ended. */
  abort(error: unknown): void {
    this.#finish(error);
  }

  #listen(): void {
    const { signal, decoder, host, clock, timeoutMs } = this.#options;
    // The stream is paused before it gets a listener for data, which would set it flowing.
    this.#stream.pause();
    if (decoder !== null) this.#source.on('data', (chunk: Uint8Array) => this.#count(chunk));
    this.#stream.on('data', (chunk: Uint8Array) => {
      if (this.#settled) return;
      if (decoder === null) this.#count(chunk);
      else this.#decodedBytes += chunk.length;
      if (this.#decodedBytes <= LARGEST_RATIO * this.#wireBytes) return this.#take(chunk);
      const text = `the compressed body from ${host} grows beyond ${LARGEST_RATIO} times its size`;
      this.#finish(new RefusedError('encoding', text, { hint: CHECK_ENCODING }));
    });
    this.#stream.on('end', () => this.#end(this.#lengthFault()));
    this.#source.on('error', (error) => this.#end(this.#failure(error)));
    this.#source.on('close', () => {
      // A source that has ended still has its decoder to end it.
      if (!this.#source.readableEnded) this.#end(this.#lost());
    });
    decoder?.on('error', (cause) => {
      const text = `the compressed body from ${host} is damaged: ${cause.message}`;
      this.#finish(new NetworkError('decoding', text, { hint: CHECK_ENCODING, cause }));
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
    const idleMs = (): number => (this.#reading ? clock.ticksMs() - this.#lastByteMs : 0);
    this.#cancelWatch = watchForStall(clock, timeoutMs, idleMs, () => this.#finish(stalled(host, timeoutMs)));
    // What happened before anybody listened is not reported again.
    if (signal.aborted) this.#finish(signal.reason);
    else if (this.#source.readableEnded && decoder === null) this.#finish(this.#lengthFault());
    else if (this.#source.destroyed && !this.#source.readableEnded) {
      this.#finish(this.#failure(this.#source.errored));
    }
  }

  readonly #onAbort = (): void => this.#finish(this.#options.signal.reason);

  #count(chunk: Uint8Array): void {
    this.#wireBytes += chunk.length;
    this.#lastByteMs = this.#options.clock.ticksMs();
  }

  /** Hands a chunk on; small ones together, once per turn of the event loop or when there are enough. */
  #take(chunk: Uint8Array): void {
    if (chunk.length >= SMALL_BYTES) {
      this.#flush();
      return this.#consumer(chunk);
    }
    if (this.#smallBytes === 0) this.#flushSoon();
    // Copied now, not later: what lives until then makes the heap grow.
    this.#small ??= Buffer.alloc(MERGED_BYTES);
    this.#small.set(chunk, this.#smallBytes);
    this.#smallBytes += chunk.length;
    if (this.#smallBytes > MERGED_BYTES - SMALL_BYTES) this.#flush();
  }

  #flushSoon(): void {
    // While the reader pauses, they wait for it.
    setImmediate(() => this.#reading && this.#flush());
  }

  #flush(): void {
    if (this.#small === null || this.#smallBytes === 0 || this.#settled) return;
    const merged = Buffer.from(this.#small.subarray(0, this.#smallBytes));
    this.#smallBytes = 0;
    this.#consumer(merged);
  }

  #lengthFault(): NetworkError | undefined {
    const { contentLength } = this.#options;
    return contentLength !== null && this.#wireBytes < contentLength ? this.#lost() : undefined;
  }

  /** The error of a source that broke; null where it was just closed. */
  #failure(error: Error | null): MaviError {
    const meaning = error === null ? null : networkError(error, this.#options.host);
    return meaning === null || meaning.code === 'connection_lost' ? this.#lost(error) : meaning;
  }

  #lost(cause?: unknown): NetworkError {
    const { contentLength, host } = this.#options;
    const of = contentLength === null ? '' : ` of ${contentLength}`;
    const text = `connection to ${host} lost after ${this.#wireBytes}${of} bytes`;
    const hint = 'check the network and run the command again';
    return new NetworkError('connection_lost', text, { hint, cause });
  }

  /** The body has ended by itself: what came before still counts. */
  #end(error: unknown): void {
    this.#flush();
    this.#finish(error);
  }

  #finish(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reading = false;
    this.#cancelWatch();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    if (error !== undefined) {
      this.#source.destroy();
      this.#options.decoder?.destroy();
    }
    this.#settle(error);
  }
}

/** The error of a connection on which nothing, or no complete response, comes any more. */
export function stalled(host: string, timeoutMs: number, inHeaders = false): NetworkError {
  const time = `${Math.round(timeoutMs / 100) / 10} s`;
  const hint = 'run the command again; for a slow server set a longer --timeout';
  const endless = `the response headers from ${host} are not complete after ${time}`;
  return new NetworkError('stall', inHeaders ? endless : `no data from ${host} for ${time}`, { hint });
}

/** Reads a small body completely; null for one of more than `mostBytes`, of which no more is read. */
export async function readSmallBody(body: Body, mostBytes: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const tooLong = new NetworkError('too_long', 'the response is too long');
  body.use((chunk) => {
    size += chunk.length;
    if (size > mostBytes) body.abort(tooLong);
    else chunks.push(chunk);
  });
  body.resume();
  try {
    await body.finished;
  } catch (error) {
    if (error === tooLong) return null;
    throw error;
  }
  return Buffer.concat(chunks);
}
