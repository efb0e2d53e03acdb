/** How far and how fast one transfer is. Pure. */
import type { TransferState } from './events.ts';

/** Speed is averaged over the last seconds, so that it follows the network without jumping. */
const WINDOW_MS = 5000;

/** A longer estimate only says that the transfer has stalled. */
const LONGEST_LEFT_MS = 100 * 86_400_000;

/** Follows one transfer. All times are in the clock's milliseconds. */
export class Meter {
  readonly #startedMs: number;
  #samples: { atMs: number; bytes: number }[] = [];
  /** The last reported state. */
  state: TransferState = { receivedBytes: 0, totalBytes: null, mayGrow: true };

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** A request is sent: speed is measured from here on. */
  request(atMs: number): void {
    this.#samples = [{ atMs, bytes: this.state.receivedBytes }];
  }

  /** Records the state at a time. */
  update(state: TransferState, atMs: number): void {
    const restarted = state.receivedBytes < this.state.receivedBytes;
    if (restarted) this.#samples = this.#samples.slice(-1).map((last) => ({ ...last, bytes: 0 }));
    this.state = state;
    this.#samples.push({ atMs, bytes: state.receivedBytes });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Current bytes per second; null before there is enough to measure. */
  speed(nowMs: number): number | null {
    const first = this.#samples[0];
    if (first === undefined || nowMs - first.atMs < 200) return null;
    return ((this.state.receivedBytes - first.bytes) / (nowMs - first.atMs)) * 1000;
  }

  /** Percent of the file, or of its playing time: at most 100, and 99 while the file may grow; null if unknown. */
  get percent(): number | null {
    const { receivedBytes, totalBytes, mayGrow, timeShare } = this.state;
    if (totalBytes === null && timeShare != null) return Math.min(99, Math.floor(timeShare * 100));
    if (totalBytes === null || totalBytes <= 0) return null;
    const percent = Math.floor((receivedBytes / totalBytes) * 100);
    return Math.min(percent, mayGrow || receivedBytes < totalBytes ? 99 : 100);
  }

  /** Milliseconds left at the current speed; null if unknown. */
  leftMs(nowMs: number): number | null {
    const { receivedBytes, totalBytes, timeShare } = this.state;
    const speed = this.speed(nowMs);
    // Assumes that the rest of the playing time has as many bytes per second.
    const estimate = timeShare != null && timeShare > 0.01 ? receivedBytes / timeShare : null;
    const size = totalBytes ?? estimate;
    if (size === null || speed === null || speed <= 0 || receivedBytes > size) return null;
    const leftMs = ((size - receivedBytes) / speed) * 1000;
    return leftMs <= LONGEST_LEFT_MS ? leftMs : null;
  }

  /** Milliseconds since it began. */
  elapsedMs(nowMs: number): number {
    return nowMs - this.#startedMs;
  }
}
