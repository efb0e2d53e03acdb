/** Makes text fit a number of columns; wide characters count as two. Pure. */
import { columnsOf } from './columns.ts';

/** Text of at most `width` columns: its end gives way to `ellipsis`. */
export function cut(text: string, width: number, ellipsis: string): string {
  if (columnsOf(text) <= width) return text;
  return taken(letters(text), width - columnsOf(ellipsis)) + ellipsis.slice(0, Math.max(0, width));
}

/** Text of at most `width` columns: its middle gives way, for names often differ at their ends alone. */
export function cutMiddle(text: string, width: number, ellipsis: string): string {
  if (columnsOf(text) <= width) return text;
  const room = width - columnsOf(ellipsis);
  if (room < 4) return cut(text, width, ellipsis);
  const front = taken(letters(text), Math.ceil(room / 2));
  const back = taken(letters(text).reverse(), room - columnsOf(front), (letter, all) => letter + all);
  return front + ellipsis + back;
}

/** Text filled up with spaces to `width` columns, at its end or, with `start`, before it. */
export function padded(text: string, width: number, side: 'end' | 'start' = 'end'): string {
  const spaces = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return side === 'end' ? text + spaces : spaces + text;
}

/**
 * Text in lines of at most `width` columns, broken between words; a word that is longer stays whole, for the
 * terminal to break. The first line begins with `first`, the others with `indent`.
 */
export function wrapped(text: string, width: number, first: string, indent: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    const longer = isEmpty ? line + word : `${line} ${word}`;
    if (!isEmpty && columnsOf(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}

/** As many of the letters as fit. */
function taken(
  all: readonly string[],
  width: number,
  join = (letter: string, joined: string): string => joined + letter,
): string {
  let joined = '';
  for (const letter of all) {
    const longer = join(letter, joined);
    if (columnsOf(longer) > width) break;
    joined = longer;
  }
  return joined;
}

/** What a reader takes for single characters: flags, families and accents are not taken apart. */
function letters(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
