/** Holds the bytes a second under `--limit-rate`, over all videos together. Pure. */

/** How far a transfer may run ahead, in milliseconds' worth of bytes: short enough to look steady. */
const BURST_MS = 100;

/** A bucket of bytes that fills at a steady rate. */
export class Throttle {
  readonly #bytesPerMs: number;
  /** When the bytes taken so far will have been earned, in the clock's milliseconds. */
  #earnedAtMs = Number.NEGATIVE_INFINITY;

  /** @param bytesPerSecond the limit */
  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Takes bytes that have come; answers how long to read nothing more, in milliseconds. */
  take(bytes: number, nowMs: number): number {
    this.#earnedAtMs = Math.max(this.#earnedAtMs, nowMs) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#earnedAtMs - nowMs - BURST_MS);
  }
}
