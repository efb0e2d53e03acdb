/** The library as a table that fits the terminal. */
import type { Host } from '../host.ts';
import { columnsOf, cut, padded } from '../progress/columns.ts';
import { styleFor } from '../progress/style.ts';
import { bytesText, clockText } from '../progress/text.ts';
import { printable } from '../sanitize.ts';
import { videosText } from './listing.ts';
import type { LibraryRow } from './row.ts';

/** Names are cut to leave room for the rest, but never below this many columns. */
const NARROWEST_NAME = 8;
const GAP = '  ';

/** Columns are as wide as these many rows need; a longer list is printed as it comes, with those widths. */
const MEASURED_ROWS = 5000;

const HEAD = ['video_no', 'size', 'length', 'created', 'status', 'name'] as const;
const STATUS = 4;
const NAME = 5;
/** Columns by index; what matters least goes first on a narrow terminal, and the name never. */
const DROPPED_FIRST = [3, 2, STATUS, 1];
const RIGHT_ALIGNED = new Set([1, 2]);

/**
 * Prints the rows as a table, as wide as the terminal at the most, with a last line that counts them; in a pipe
 * nothing is cut and nothing follows the rows. Answers how many there were; for none it prints nothing.
 */
export async function printTable(
  rows: AsyncIterable<LibraryRow>,
  host: Host,
  print: (text: string) => Promise<void>,
): Promise<number> {
  const { isTTY } = host.stdout;
  const style = await styleFor(host, isTTY);
  const columns = isTTY ? host.stderr.columns() : Number.POSITIVE_INFINITY;
  let waiting: string[][] = [];
  let lineOf: ((cells: readonly string[]) => string) | null = null;
  const flush = (): Promise<void> => {
    const first = lineOf === null ? [HEAD] : [];
    lineOf ??= layout(waiting);
    const lines = [...first, ...waiting].map(lineOf);
    waiting = [];
    return lines.length === 0 ? Promise.resolve() : print(`${lines.join('\n')}\n`);
  };
  let [count, bytes, unknownSizes] = [0, 0, 0];
  for await (const row of rows) {
    count += 1;
    bytes += row.sizeBytes ?? 0;
    unknownSizes += row.sizeBytes === null ? 1 : 0;
    waiting.push(cellsOf(row));
    if (waiting.length >= (lineOf === null ? MEASURED_ROWS : 1)) await flush();
  }
  if (count === 0) return 0;
  await flush();
  const unknown = unknownSizes === 0 ? '' : ` and ${unknownSizes} of unknown size`;
  if (isTTY) await print(`${videosText(count)}, ${bytesText(bytes)}${unknown}\n`);
  return count;

  function layout(cells: readonly string[][]): (cells: readonly string[]) => string {
    const widths = HEAD.map((title, index) => {
      if (index === NAME) return 0;
      return cells.reduce((most, line) => Math.max(most, columnsOf(line[index] ?? '')), title.length);
    });
    const order = fitting(widths, columns);
    const room = Math.max(NARROWEST_NAME, columns - 1 - widthBeforeName(order, widths));
    return (line) =>
      order
        .map((index) => cell(line, index, widths, room))
        .join(GAP)
        .trimEnd();
  }

  function cell(line: readonly string[], index: number, widths: readonly number[], room: number): string {
    const text = line[index] ?? '';
    const fitted =
      index === NAME
        ? cut(text, room, style.ellipsis)
        : padded(text, widths[index] ?? 0, RIGHT_ALIGNED.has(index) ? 'start' : 'end');
    if (line === (HEAD as readonly string[])) return style.strong(fitted);
    if (index === STATUS) return text === 'PARSE' ? style.good(fitted) : style.attention(fitted);
    return fitted;
  }
}

function cellsOf(row: LibraryRow): string[] {
  return [
    row.videoNo,
    row.sizeBytes === null ? '' : bytesText(row.sizeBytes),
    row.durationSeconds === null || row.durationSeconds <= 0 ? '' : clockText(row.durationSeconds * 1000),
    row.createdMs === null ? '' : day(row.createdMs),
    printable(row.status).slice(0, 40),
    printable(row.name),
  ];
}

/** The columns to show, by index; the name is always the last. */
function fitting(widths: readonly number[], columns: number): number[] {
  const order = HEAD.map((_title, index) => index);
  for (const droppable of DROPPED_FIRST) {
    if (widthBeforeName(order, widths) + NARROWEST_NAME < columns) break;
    order.splice(order.indexOf(droppable), 1);
  }
  return order;
}

function widthBeforeName(order: readonly number[], widths: readonly number[]): number {
  return order.slice(0, -1).reduce((sum, index) => sum + (widths[index] ?? 0) + GAP.length, 0);
}

function day(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}
