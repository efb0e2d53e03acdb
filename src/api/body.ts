/** One answer's body on its way in: flow, stall watch and the verdict on how it ended. */
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { NetworkError } from '../errors.ts';
import type { Clock } from '../host.ts';
import { wireError } from './network-errors.ts';

/** What a body needs to know of its surroundings. */
export interface BodyOptions {
  readonly clock: Clock;
  /** The longest time without a byte while somebody reads, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the body with its reason. */
  readonly signal: AbortSignal;
  /** The host, for messages. */
  readonly host: string;
  /** Content-Length of the answer in bytes; null if it came without. */
  readonly contentLength: number | null;
  /** Undoes a Content-Encoding that came unasked; null for none. */
  readonly decoder: Transform | null;
}

/**
 * A body that is read by one consumer after another. It begins paused. A pause is the reader's own, so it is
 * no stall however long it takes.
 */
export class Body {
  /** Settles when the body has ended: rejects with a MaviError if it broke off, stalled or was given up. */
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

  /** Bytes that came over the wire so far: before decoding, for those are billed. */
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
    this.#stream.resume();
  }

  /** Breaks the connection off; `finished` rejects with `error`. Without effect once the body has ended. */
  abort(error: unknown): void {
    this.#finish(error);
  }

  #listen(): void {
    const { signal, decoder, host } = this.#options;
    // The stream is paused before it gets a listener for data, which would set it flowing.
    this.#stream.pause();
    if (decoder !== null) this.#source.on('data', (chunk: Uint8Array) => this.#count(chunk));
    this.#stream.on('data', (chunk: Uint8Array) => {
      if (this.#settled) return;
      if (decoder === null) this.#count(chunk);
      this.#consumer(chunk);
    });
    this.#stream.on('end', () => this.#finish(this.#lengthFault()));
    this.#source.on('error', (error) => {
      const meaning = wireError(error, host);
      this.#finish(meaning.code === 'connection_lost' ? this.#brokenOff(error) : meaning);
    });
    this.#source.on('close', () => {
      // A source that has ended still has its decoder to end it.
      if (!this.#source.readableEnded) this.#finish(this.#brokenOff());
    });
    decoder?.on('error', (error) => {
      this.#finish(
        new NetworkError('decoding', `the encoded body from ${host} is broken or cut: ${error.message}`, {
          hint: 'check whether a proxy stands between',
          cause: error,
        }),
      );
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#watch(this.#options.timeoutMs);
    // What happened before anybody listened is not told again.
    if (signal.aborted) this.#finish(signal.reason);
    else if (this.#source.readableEnded && decoder === null) this.#finish(this.#lengthFault());
    else if (this.#source.destroyed && !this.#source.readableEnded) this.#finish(this.#brokenOff());
  }

  readonly #onAbort = (): void => this.#finish(this.#options.signal.reason);

  #count(chunk: Uint8Array): void {
    this.#wireBytes += chunk.length;
    this.#lastByteMs = this.#options.clock.ticksMs();
  }

  /** One timer for the whole body, not one a chunk: when it rings, it looks how long ago the last byte was. */
  #watch(delayMs: number): void {
    const { clock, timeoutMs, host } = this.#options;
    this.#cancelWatch = clock.after(delayMs, () => {
      const idleMs = this.#reading ? clock.ticksMs() - this.#lastByteMs : 0;
      if (idleMs < timeoutMs) return this.#watch(timeoutMs - idleMs);
      this.#finish(
        new NetworkError(
          'stall',
          `no byte came from ${host} for ${Math.round(timeoutMs / 100) / 10} seconds`,
          {
            hint: 'try again; for a slow source give a longer --timeout',
          },
        ),
      );
    });
  }

  #lengthFault(): NetworkError | undefined {
    const { contentLength } = this.#options;
    return contentLength !== null && this.#wireBytes < contentLength ? this.#brokenOff() : undefined;
  }

  #brokenOff(cause?: unknown): NetworkError {
    const { contentLength, host } = this.#options;
    const of = contentLength === null ? '' : ` of ${contentLength}`;
    return new NetworkError(
      'connection_lost',
      `the connection to ${host} was broken off after ${this.#wireBytes}${of} bytes`,
      { hint: 'check the network and run the command again', cause },
    );
  }

  #finish(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reading = false;
    this.#cancelWatch();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    if (error !== undefined) this.#source.destroy();
    this.#settle(error);
  }
}

/** Reads a small body whole; what is over `mostBytes` is given up, and the answer says so with null. */
export async function readSmallBody(body: Body, mostBytes: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const tooLong = new NetworkError('too_long', 'the answer is too long');
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
