/** Holds `--max-transfer`: no video is begun that would take the total over it. Pure. */
import { BudgetError } from '../errors.ts';

/** The bytes that a run may transfer. */
export class Budget {
  readonly #mostBytes: number | null;
  #spentBytes = 0;
  #promisedBytes = 0;

  /** @param mostBytes the limit; null is none */
  constructor(mostBytes: number | null) {
    this.#mostBytes = mostBytes;
  }

  /**
   * Begins a video of that size; 0 where it is not known. Answers with what ends it, to be told all the bytes
   * that came for it. Throws BudgetError if it does not fit any more.
   */
  begin(sizeBytes: number | null): (receivedBytes: number) => void {
    const promised = sizeBytes ?? 0;
    const total = this.#spentBytes + this.#promisedBytes;
    if (this.#mostBytes !== null && (total >= this.#mostBytes || total + promised > this.#mostBytes)) {
      throw new BudgetError(
        `not started: ${
          sizeBytes === null ? '' : `its ${sizeBytes} bytes are too many, for `
        }${total} bytes of --max-transfer ${this.#mostBytes} are transferred or on their way`,
        { hint: 'run the command again with a higher --max-transfer' },
      );
    }
    this.#promisedBytes += promised;
    return (receivedBytes) => {
      this.#promisedBytes -= promised;
      this.#spentBytes += receivedBytes;
    };
  }
}
