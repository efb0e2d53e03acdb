/** How many columns of a terminal a text takes, and how to fit it into them. Pure. */
import stringWidth from 'string-width';

/** ASCII and our own marks, each one column wide: nearly all that is measured. */
const NARROW = /^[\x20-\x7e\u00b7\u2026\u2013\u2014\u2713\u2717!]*$/;

/** The columns that a text takes; wide characters count as two. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** Cuts a text to `width` columns, replacing its end by `ellipsis`. */
export function cut(text: string, width: number, ellipsis: string): string {
  if (columnsOf(text) <= width) return text;
  const kept = fitting(letters(text), width - columnsOf(ellipsis));
  return kept.join('') + ellipsis.slice(0, Math.max(0, width));
}

/** Cuts a text to `width` columns in its middle, because names often differ only at their ends. */
export function cutMiddle(text: string, width: number, ellipsis: string): string {
  if (columnsOf(text) <= width) return text;
  const room = width - columnsOf(ellipsis);
  if (room < 4) return cut(text, width, ellipsis);
  const front = fitting(letters(text), Math.ceil(room / 2)).join('');
  const back = fitting(letters(text).reverse(), room - columnsOf(front)).reverse();
  return front + ellipsis + back.join('');
}

/** Pads a text with spaces to `width` columns, at its end or, with `start`, before it. */
export function padded(text: string, width: number, side: 'end' | 'start' = 'end'): string {
  const spaces = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return side === 'end' ? text + spaces : spaces + text;
}

/** The letters as a reader sees them: flags, families and accents stay in one piece. */
function letters(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

/** The first of the letters, as many as fit into `width` columns. */
function fitting(all: readonly string[], width: number): string[] {
  const end = all.findIndex((_, index) => columnsOf(all.slice(0, index + 1).join('')) > width);
  return all.slice(0, end < 0 ? all.length : end);
}
