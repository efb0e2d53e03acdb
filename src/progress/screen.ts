/**
 * The terminal below the bars. It takes the place of cli-progress's own: it writes each drawing in one piece,
 * and only if it differs from the last, so that nothing flickers. Between two drawings the cursor rests on the
 * first character of the block, which is where it still is when the window has changed its width and broken the
 * lines anew; and what the terminal itself writes there, such as ^C, is drawn over.
 */
import { columnsOf } from './text.ts';

/** What the screen writes to. */
export interface ScreenStream {
  readonly write: (text: string) => unknown;
  /** The width of the window now, in columns. */
  readonly columns: () => number;
}

const CLEAR_RIGHT = '\u001b[K';
/** Lines one by one: a terminal that is told to clear all from its top on keeps what stood there in its history. */
const CLEAR_LINE = '\u001b[2K';
const DOWN = '\u001b[B';
const SAVE_CURSOR = '\u001b7';
const RESTORE_CURSOR = '\u001b8';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** A line that stays may be longer than the window is wide, which those of the block are not. */
const WRAP_ON = '\u001b[?7h';
const WRAP_OFF = '\u001b[?7l';

/** A terminal as cli-progress knows one. */
export class Screen {
  readonly #stream: ScreenStream;
  /** The lines on the screen, and the width of the window when they were written. */
  #drawn: readonly string[] = [];
  #drawnColumns = 0;
  #block: readonly string[] = [];
  #staying = '';

  constructor(stream: ScreenStream) {
    this.#stream = stream;
  }

  /** Takes the lines of the block, or, with `stays`, text that is to stand above it for good. */
  write(text: string, stays = false): void {
    if (stays) this.#staying += text;
    else this.#block = text === '' ? [] : text.split('\n');
  }

  /** Draws what was written since the last time. */
  draw(): void {
    const columns = this.#stream.columns();
    const sameWidth = columns === this.#drawnColumns;
    if (sameWidth && this.#staying === '' && this.#block.join('\n') === this.#drawn.join('\n')) return;
    // Lines of the same places are written over; else they are cleared first, which also keeps a window that
    // broke them from joining the pieces when it becomes wider again.
    const isOver = sameWidth && this.#staying === '' && this.#block.length >= this.#drawn.length;
    const before = isOver ? '\r' : this.#cleared(columns);
    const block = this.#block.map((line) => line + CLEAR_RIGHT).join('\n');
    const up = this.#block.length - 1;
    const after = up > 0 ? `\r\u001b[${up}A` : '\r';
    this.#stream.write(`${before}${this.#staying}${WRAP_OFF}${block}${WRAP_ON}${after}`);
    this.#drawn = this.#block;
    this.#drawnColumns = columns;
    this.#staying = '';
  }

  /** Takes the block off the screen. */
  clearBottom(): void {
    if (this.#drawn.length > 0) this.#stream.write(this.#cleared(this.#stream.columns()));
    this.#drawn = [];
  }

  /** Shows or hides the cursor. */
  cursor(shown: boolean): void {
    this.#stream.write(shown ? SHOW_CURSOR : HIDE_CURSOR);
  }

  isTTY(): boolean {
    return true;
  }

  getWidth(): number {
    return this.#stream.columns();
  }

  // Where cli-progress moves its cursor itself, this screen does so when it draws.
  cursorRelativeReset(): void {}
  cursorTo(): void {}
  clearRight(): void {}
  clearLine(): void {}
  lineWrapping(): void {}
  newline(): void {}

  /** Clears as many lines as the block can have become in a narrower window; nothing else stands below it. */
  #cleared(columns: number): string {
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / columns)),
      0,
    );
    if (rows === 0) return '\r';
    const lines = Array.from({ length: rows }, () => CLEAR_LINE).join(DOWN);
    return `\r${SAVE_CURSOR}${lines}${RESTORE_CURSOR}`;
  }
}
