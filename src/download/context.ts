/** What every download of a run shares, and the state of one download. */
import type { Session } from '../api/session.ts';
import { BudgetError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Container } from '../isobmff/signature.ts';
import type { Report } from '../progress/events.ts';
import { bytesText } from '../progress/text.ts';
import type { FileSystem } from './file-system.ts';
import type { PartialFiles } from './partial-file.ts';
import type { DownloadRules, TransferLimit, VideoTask } from './plan.ts';
import type { ResumableBody, ResumePoint } from './resumable-body.ts';
import type { Target } from './target.ts';

/** What every download of a run shares. */
export interface DownloadContext extends Session {
  readonly host: Host;
  readonly rules: DownloadRules;
  readonly fileSystem: FileSystem;
  readonly partialFiles: PartialFiles;
  readonly throttle: Throttle;
  readonly budget: Budget;
  readonly report: Report;
  /** Ends every pause and every request without a response; a body that has begun continues. */
  readonly stop: AbortSignal;
  /** Keeps a video from making its first request; one that has made it continues. */
  readonly noNewVideos: AbortSignal;
}

/** One download in progress: the task, and all that changes from attempt to attempt. */
export class ActiveDownload {
  readonly task: VideoTask;
  readonly context: DownloadContext;
  /** When it began, in the clock's ticks. */
  readonly startedMs: number;
  /** Where the video goes, for each container that it may turn out to be; empty for standard output. */
  targets: ReadonlyMap<Container, Target> = new Map();
  /** Requests sent so far. */
  attempts = 0;
  /** Bytes of all attempts, as received from the network. */
  receivedBytes = 0;
  /** Milliseconds spent waiting for the rate limit and between attempts. */
  waitedMs = 0;
  /** The size by the library or by Content-Length, in bytes; null if neither gave it. */
  expectedSize: number | null;
  /** The name of the file as it is shown; null for standard output. */
  file: string | null;
  brand: string | null = null;
  sha256: string | null = null;
  /** The size of the complete video; null until then. */
  bytes: number | null = null;
  /** What was received and passed on; null before the first byte. */
  body: ResumableBody | null = null;
  /** Whether the next attempt may request only the rest: not after a wrong range. */
  mayResume = true;

  constructor(task: VideoTask, context: DownloadContext) {
    this.task = task;
    this.context = context;
    this.startedMs = context.host.clock.ticksMs();
    this.expectedSize = task.listedSize;
    this.file = task.destination.kind === 'stdout' ? null : task.destination.nameFor('mp4');
  }

  /** Where the next attempt can resume; null if it begins at the first byte. */
  get resumePoint(): ResumePoint | null {
    return this.mayResume ? (this.body?.resumePoint ?? null) : null;
  }
}

/** How far a transfer may run ahead, in milliseconds' worth of bytes: short enough to look steady. */
const BURST_MS = 100;

/** Enforces `--limit-rate` for all videos together: a bucket of bytes that fills at a steady rate. */
export class Throttle {
  readonly #bytesPerMs: number;
  /** When the bytes taken so far will have been earned, in the clock's milliseconds. */
  #earnedAtMs = Number.NEGATIVE_INFINITY;

  /** @param bytesPerSecond null for no limit */
  constructor(bytesPerSecond: number | null) {
    this.#bytesPerMs = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
  }

  /** Takes bytes that were received. Returns how long to read nothing more, in milliseconds. */
  take(bytes: number, nowMs: number): number {
    this.#earnedAtMs = Math.max(this.#earnedAtMs, nowMs) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#earnedAtMs - nowMs - BURST_MS);
  }
}

/** Bytes set aside for one attempt. */
interface Reservation {
  /** Raises what is set aside to `bytes`, which were received or announced. Throws BudgetError past the limit. */
  cover(bytes: number): void;
  /** Ends the reservation: so many bytes were received. */
  settle(receivedBytes: number): void;
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
  reserve(bytes: number | null, again = false): Reservation {
    let reserved = bytes ?? 0;
    if (this.#exceeds(reserved) || this.#usedBytes >= this.#limit.bytes) {
      const size = bytes !== null && this.#exceeds(bytes) ? `${bytesText(bytes)} ` : '';
      if (again) throw this.#error(`not retried: another ${size}would exceed`);
      const more = this.#usedBytes > 0 ? 'more ' : '';
      throw this.#error(`skipped: ${size === '' ? 'more bytes ' : size + more}would exceed`);
    }
    this.#usedBytes += reserved;
    return {
      cover: (covered) => {
        if (covered <= reserved) return;
        if (this.#exceeds(covered - reserved)) throw this.#error('stopped: the rest would exceed');
        this.#usedBytes += covered - reserved;
        reserved = covered;
      },
      settle: (receivedBytes) => {
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
    return new BudgetError(`${what} ${flag} (${bytesText(bytes)})`, {
      hint: `run the command again with a higher ${flag.split(' ')[0]}`,
    });
  }
}
