/** How far and how fast one transfer is. Pure. */
import type { TransferState } from './events.ts';

/** Speed is taken over the last seconds, so that it follows the network without jumping. */
const WINDOW_MS = 5000;
/** A fast transfer tells of itself thousands of times a second; so many samples of it are enough. */
const SAMPLE_EVERY_MS = 100;

/** More time left than a hundred days says no more than that the transfer stands still. */
const LONGEST_LEFT_MS = 100 * 86_400_000;

/** Follows one transfer. */
export class Meter {
  readonly #startedMs: number;
  #samples: { atMs: number; bytes: number }[] = [];
  #state: TransferState = { receivedBytes: 0, totalBytes: null, mayGrow: true };

  /** @param startedMs when it began, in the clock's milliseconds */
  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** The last state that was told. */
  get state(): TransferState {
    return this.#state;
  }

  /** A request goes out: speed is measured from here on. */
  request(atMs: number): void {
    this.#samples = [{ atMs, bytes: this.#state.receivedBytes }];
  }

  /** Takes the state at a time. */
  update(state: TransferState, atMs: number): void {
    // A transfer that starts over begins a new measurement.
    if (state.receivedBytes < this.#state.receivedBytes) {
      this.#samples = this.#samples.slice(-1).map((last) => ({ atMs: last.atMs, bytes: 0 }));
    }
    this.#state = state;
    const [before, last] = this.#samples.slice(-2);
    if (before !== undefined && last !== undefined && last.atMs - before.atMs < SAMPLE_EVERY_MS)
      this.#samples.pop();
    this.#samples.push({ atMs, bytes: state.receivedBytes });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Bytes a second lately; null before there is anything to measure. */
  speed(nowMs: number): number | null {
    const first = this.#samples[0];
    if (first === undefined || nowMs - first.atMs < 200) return null;
    return ((this.#state.receivedBytes - first.bytes) / (nowMs - first.atMs)) * 1000;
  }

  /**
   * Percent of the whole: never over 100, and not 100 while the file may still turn out longer; null where
   * nobody has told the whole.
   */
  get percent(): number | null {
    const { receivedBytes, totalBytes, mayGrow } = this.#state;
    if (totalBytes === null || totalBytes <= 0) return null;
    const percent = Math.floor((receivedBytes / totalBytes) * 100);
    return Math.min(percent, mayGrow || receivedBytes < totalBytes ? 99 : 100);
  }

  /** Milliseconds still to go at the present speed; null where that cannot be said. */
  leftMs(nowMs: number): number | null {
    const { receivedBytes, totalBytes } = this.#state;
    const speed = this.speed(nowMs);
    if (totalBytes === null || speed === null || speed <= 0 || receivedBytes > totalBytes) return null;
    const leftMs = ((totalBytes - receivedBytes) / speed) * 1000;
    return leftMs <= LONGEST_LEFT_MS ? leftMs : null;
  }

  /** Milliseconds since it began. */
  elapsedMs(nowMs: number): number {
    return nowMs - this.#startedMs;
  }
}
