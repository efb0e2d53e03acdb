/** What of one video has come and been handed on, over all the tries that it takes. */
import { createHash, type Hash } from 'node:crypto';
import { byteCount } from '../chunks.ts';
import { BodyError, NetworkError } from '../errors.ts';
import type { Container } from '../isobmff/signature.ts';
import { BodyCheck, type KnownSizes, type Proof } from './body-check.ts';
import type { Sink } from './sink.ts';
import type { Level } from './sniff.ts';

/** A file that a server offers to send in parts. */
export interface Resumable {
  /** Bytes that have come and are written. */
  readonly offset: number;
  readonly etag: string;
}

/** One video on its way into a sink. A pass is one reading of the file from its first byte. */
export class Delivery {
  readonly sink: Sink;
  readonly container: Container | null;
  readonly #level: Level;
  readonly #wantsSha256: boolean;
  #check: BodyCheck;
  #sha256: Hash | null = null;
  #etag: string | null = null;
  #transferSize: number | null = null;
  /** Of what a sink that cannot restart has taken, for the next pass to be compared with. */
  readonly #sent: Hash | null;
  #sentBytes = 0;
  #replay: Hash | null = null;
  #replayLeft = 0;

  constructor(sink: Sink, container: Container | null, level: Level, wantsSha256: boolean) {
    this.sink = sink;
    this.container = container;
    this.#level = level;
    this.#wantsSha256 = wantsSha256;
    this.#sent = sink.restart === null ? createHash('sha256') : null;
    this.#check = new BodyCheck(level, container);
  }

  /**
   * Begins a pass.
   * @param transferSize the file's size in bytes, if the server has said it
   * @param etag the file's strong ETag, if the server offers parts of it
   */
  async begin(transferSize: number | null, etag: string | null): Promise<void> {
    if (this.#check.bytes > 0 && this.sink.restart !== null) await this.sink.restart();
    this.#check = new BodyCheck(this.#level, this.container);
    this.#sha256 = this.#wantsSha256 ? createHash('sha256') : null;
    this.#etag = etag;
    this.#transferSize = transferSize;
    this.#replayLeft = this.#sentBytes;
    this.#replay = this.#sentBytes > 0 ? createHash('sha256') : null;
  }

  /** Goes on with a pass that broke; the file's size is known now, in bytes. */
  resume(transferSize: number | null): void {
    this.#transferSize = transferSize;
  }

  /** Where a broken pass can go on; null if the server offers no parts, or nothing has come. */
  get resumable(): Resumable | null {
    return this.#etag === null || this.#check.bytes === 0
      ? null
      : { offset: this.#check.bytes, etag: this.#etag };
  }

  /** The file's size in bytes as this pass was told; null if it was not. */
  get transferSize(): number | null {
    return this.#transferSize;
  }

  /** No part of this pass is to be built on. */
  forgetPass(): void {
    this.#etag = null;
  }

  /** Bytes of this pass so far. */
  get receivedBytes(): number {
    return this.#check.bytes;
  }

  /** Whether bytes have gone where they cannot be taken back. */
  get isCommitted(): boolean {
    return this.#sentBytes > 0;
  }

  /** The size that the boxes tell so far. */
  get sizeByBoxes(): BodyCheck['sizeByBoxes'] {
    return this.#check.sizeByBoxes;
  }

  /**
   * Looks at the next chunk; answers what of it is to be written. Throws BodyError if its boxes are broken, or
   * if it differs from what an earlier pass has already handed on.
   */
  inspect(chunk: Uint8Array): Uint8Array | null {
    this.#check.push(chunk);
    this.#sha256?.update(chunk);
    if (this.#replay === null) return chunk;
    const again = chunk.subarray(0, this.#replayLeft);
    this.#replay.update(again);
    this.#replayLeft -= again.length;
    if (this.#replayLeft > 0) return null;
    const same = this.#replay.digest('hex') === this.#sent?.copy().digest('hex');
    this.#replay = null;
    if (!same) throw changed();
    return chunk.subarray(again.length);
  }

  /** Writes what `inspect` has let through. */
  async write(batch: readonly Uint8Array[]): Promise<void> {
    await this.sink.write(batch);
    if (this.#sent === null) return;
    for (const chunk of batch) this.#sent.update(chunk);
    this.#sentBytes += byteCount(batch);
  }

  /** The proof that the pass was the whole video. Throws BodyError or TruncatedError where there is none. */
  prove(listedSize: number | null): Proof {
    const { bytes } = this.#check;
    if (this.#transferSize !== null && bytes !== this.#transferSize) {
      throw new NetworkError(
        'connection_lost',
        `the connection ended after ${bytes} of ${this.#transferSize} bytes`,
        {
          hint: 'check the network and run the command again',
        },
      );
    }
    const sizes: KnownSizes = { transferSize: this.#transferSize, listedSize };
    const proof = this.#check.end(sizes);
    if (this.#replay !== null) throw changed();
    return proof;
  }

  /** The SHA-256 of the whole video; null if it was not asked for. */
  sha256(): string | null {
    return this.#sha256?.digest('hex') ?? null;
  }
}

function changed(): BodyError {
  return new BodyError('changed', 'the server sent other bytes when the video was fetched again', {
    hint: 'what was written already cannot be taken back: throw it away and start over, or download to a file with -o',
  });
}
