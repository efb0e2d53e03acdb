/** What every download of a run shares. */
import type { Session } from '../api/client.ts';
import { BudgetError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Report } from '../progress/events.ts';
import { bytesText } from '../progress/text.ts';
import type { FileSystem } from './file-system.ts';
import type { PartialFiles } from './partial-file.ts';
import type { DownloadRules, TransferLimit } from './plan.ts';

/** What a run gives each of its downloads. */
export interface DownloadContext extends Session {
  readonly host: Host;
  readonly rules: DownloadRules;
  readonly fileSystem: FileSystem;
  readonly partialFiles: PartialFiles;
  /** Null for no limit. */
  readonly throttle: ReturnType<typeof throttleTo> | null;
  readonly budget: Budget;
  readonly report: Report;
  /** Ends every pause and every request without a response; a body that has begun continues. */
  readonly stop: AbortSignal;
  /** Keeps a video from making its first request; one that has made it continues. */
  readonly noNewVideos: AbortSignal;
}

/** How far a transfer may run ahead, in milliseconds' worth of bytes: short enough to look steady. */
const BURST_MS = 100;

/**
 * Enforces `--limit-rate` for all videos together: a bucket of bytes that fills at a steady rate.
 * The function returned takes bytes that were received, and returns how long to read nothing more, in milliseconds.
 */
export function throttleTo(bytesPerSecond: number): (bytes: number, nowMs: number) => number {
  /** When the bytes taken so far will have been earned. */
  let earnedAtMs = Number.NEGATIVE_INFINITY;
  return (bytes, nowMs) => {
    earnedAtMs = Math.max(earnedAtMs, nowMs) + (bytes / bytesPerSecond) * 1000;
    return Math.max(0, earnedAtMs - nowMs - BURST_MS);
  };
}

/** Enforces `--max-transfer` and `--max-cost`: the bytes received and those still to come never exceed it. */
export class Budget {
  readonly #limit: TransferLimit;
  /** Received by finished attempts, and set aside for those in progress. */
  #usedBytes = 0;

  constructor(limit: TransferLimit | null) {
    this.#limit = limit ?? { bytes: Number.POSITIVE_INFINITY, flag: '' };
  }

  /**
   * Sets bytes aside for an attempt. Throws BudgetError if they exceed the limit.
   * @param bytes what is still to come of the video; null where that is not known
   * @param again whether an earlier attempt has received some of them
   */
  reserve(bytes: number | null, again = false) {
    let reserved = bytes ?? 0;
    if (this.#exceeds(reserved) || this.#usedBytes >= this.#limit.bytes) {
      const size = bytes !== null && this.#exceeds(bytes) ? `${bytesText(bytes)} ` : '';
      if (again) throw this.#error(`not retried: another ${size}would exceed`);
      const more = this.#usedBytes > 0 ? 'more ' : '';
      throw this.#error(`skipped: ${size === '' ? 'more bytes ' : size + more}would exceed`);
    }
    this.#usedBytes += reserved;
    return {
      /** Raises what is set aside to what was received or announced. Throws BudgetError past the limit. */
      cover: (bytes: number): void => {
        if (bytes <= reserved) return;
        if (this.#exceeds(bytes - reserved)) throw this.#error('stopped: the rest would exceed');
        this.#usedBytes += bytes - reserved;
        reserved = bytes;
      },
      /** Ends the reservation. */
      settle: (receivedBytes: number): void => {
        this.#usedBytes += receivedBytes - reserved;
        reserved = receivedBytes;
      },
    };
  }

  #exceeds(moreBytes: number): boolean {
    return this.#usedBytes + moreBytes > this.#limit.bytes;
  }

  #error(what: string): BudgetError {
    const { flag, bytes } = this.#limit;
    const hint = `run the command again with a higher ${flag.split(' ')[0]}`;
    return new BudgetError('max_transfer', `${what} ${flag} (${bytesText(bytes)})`, { hint });
  }
}
