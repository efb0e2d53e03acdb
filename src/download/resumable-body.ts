/** What was received of one video and passed on, over all attempts. */
import { createHash } from 'node:crypto';
import { BodyError, NetworkError } from '../errors.ts';
import type { Container } from '../isobmff/signature.ts';
import { BodyCheck, type KnownFacts, type Proof } from './body-check.ts';
import type { Sink } from './sink.ts';
import type { CheckRules } from './sniff.ts';

/** A hash that has a value at any point: of all bytes so far, in hexadecimal digits. */
interface RunningHash {
  update(chunk: Uint8Array): void;
  value(): string;
}

type NewHash = () => RunningHash;

/**
 * Makes the hash of a pass: SHA-256 where it is the checksum too. To recognize bytes that were sent before, XXH64
 * will do: of the hashes of at least 64 bits it costs the least, a fifth of SHA-256 as measured.
 */
export async function runningHash(isChecksum: boolean): Promise<NewHash> {
  if (isChecksum) {
    return () => {
      const hash = createHash('sha256');
      return { update: (chunk) => void hash.update(chunk), value: () => hash.copy().digest('hex') };
    };
  }
  const { default: load } = await import('xxhash-wasm');
  const { create64 } = await load();
  return () => {
    const hash = create64();
    return { update: (chunk) => void hash.update(chunk), value: () => hash.digest().toString(16) };
  };
}

/** Where a broken transfer can resume: after the bytes that are written, of a file that the server sends in parts. */
export interface ResumePoint {
  readonly offset: number;
  readonly etag: string;
}

/** One video on its way into a sink. A pass is one reading of the file from its first byte. */
export class ResumableBody {
  readonly sink: Sink;
  readonly container: Container | null;
  readonly #rules: CheckRules;
  readonly #newHash: NewHash | null;
  /** What was received in this pass. */
  check: BodyCheck;
  /** The file's size in bytes as the server announced it in this pass; null if it did not. */
  transferSize: number | null = null;
  /** The strong ETag with which this pass can be resumed; null if it can't. */
  etag: string | null = null;
  /** Of all bytes of this pass. */
  #hash: RunningHash | null = null;
  /** What earlier passes have written to a sink that cannot restart. */
  #sent: { readonly bytes: number; readonly hash: string | null } = { bytes: 0, hash: null };

  /** @param newHash makes the hash of a pass; needed for a sink that cannot restart, and for a checksum */
  constructor(sink: Sink, container: Container | null, rules: CheckRules, newHash: NewHash | null) {
    this.sink = sink;
    this.container = container;
    this.#rules = rules;
    this.#newHash = newHash;
    this.check = new BodyCheck(rules, container);
  }

  /** Begins a pass, with the size and the strong ETag of the response, where it has them. */
  async begin(transferSize: number | null, etag: string | null): Promise<void> {
    const { bytes } = this.check;
    if (bytes > 0) await this.sink.restart?.();
    // A broken pass has written all that it received; a write that fails is never retried.
    if (this.sink.restart === null && bytes > this.#sent.bytes) this.#sent = { bytes, hash: this.hash() };
    this.check = new BodyCheck(this.#rules, this.container);
    this.#hash = this.#newHash?.() ?? null;
    this.etag = etag;
    this.transferSize = transferSize;
  }

  /** Where a broken pass can resume; null if the server offers no ranges, or sent nothing. */
  get resumePoint(): ResumePoint | null {
    const offset = this.check.bytes;
    return this.etag === null || offset === 0 ? null : { offset, etag: this.etag };
  }

  /** Whether bytes were written that cannot be undone. */
  get isCommitted(): boolean {
    return this.sink.restart === null && this.#sent.bytes + this.check.bytes > 0;
  }

  /**
   * The part of a chunk, once it is checked, that is to be written; it may be empty. Throws BodyError if the chunk
   * differs from what an earlier pass has already written.
   */
  unsent(chunk: Uint8Array): Uint8Array {
    const { bytes } = this.check;
    const repeated = Math.min(this.#sent.bytes - (bytes - chunk.length), chunk.length);
    if (repeated <= 0) {
      this.#hash?.update(chunk);
      return chunk;
    }
    this.#hash?.update(chunk.subarray(0, repeated));
    if (bytes >= this.#sent.bytes && this.hash() !== this.#sent.hash) throw changed();
    const wanted = chunk.subarray(repeated);
    this.#hash?.update(wanted);
    return wanted;
  }

  /** Verifies that the pass was the complete video. Throws BodyError, TruncatedError or NetworkError otherwise. */
  async prove(listed: Omit<KnownFacts, 'transferSize'>): Promise<Proof> {
    const { transferSize } = this;
    const { bytes } = this.check;
    if (transferSize !== null && bytes !== transferSize) {
      const text = `connection lost after ${bytes} of ${transferSize} bytes`;
      const hint = 'check the network and run the command again';
      throw new NetworkError('connection_lost', text, { hint });
    }
    const facts = { transferSize, ...listed };
    this.check.end(facts);
    if (bytes < this.#sent.bytes) throw changed();
    return this.check.prove(facts, this.sink.read);
  }

  /** The hash of the pass so far, in hexadecimal digits; null if none is computed. */
  hash(): string | null {
    return this.#hash?.value() ?? null;
  }
}

function changed(): BodyError {
  const hint = 'discard what was written and start over, or download to a file with -o video.mp4';
  return new BodyError('changed', 'the server sent different bytes when the video was requested again', {
    hint,
  });
}
