/** The library as a table that fits the terminal. */
import CliTable from 'cli-table3';
import stringWidth from 'string-width';
import type { Host } from '../host.ts';
import { styleFor } from '../progress/style.ts';
import { bytesText, clockText, cut } from '../progress/text.ts';
import { printable } from '../sanitize.ts';
import type { LibraryRow } from './row.ts';

/** Names are cut to leave room for the rest, but never below this many columns. */
const NARROWEST_NAME = 8;
const GAP = '  ';

/** Tables are laid out in blocks of rows, for the time that it takes grows with the square of their number. */
const BLOCK_ROWS = 100;

const HEAD = ['video_no', 'size', 'length', 'created', 'status', 'name'] as const;
const STATUS = 4;
const NAME = 5;
/** Columns by index; what matters least goes first on a narrow terminal, and the name never. */
const DROPPED_FIRST = [3, 2, STATUS, 1];
const RIGHT_ALIGNED = new Set([1, 2]);

/** The table: as wide as the terminal at the most; in a pipe nothing is cut. */
export async function table(rows: readonly LibraryRow[], host: Host): Promise<string> {
  const { isTTY } = host.stdout;
  const style = await styleFor(host, isTTY);
  const columns = isTTY ? host.stderr.columns() : Number.POSITIVE_INFINITY;
  const cells = rows.map(cellsOf);
  const widths = HEAD.map((title, index) => widest([title, ...cells.map((line) => line[index] ?? '')]));
  const order = fitting(widths, columns);
  const room = Math.max(NARROWEST_NAME, columns - 1 - widthBeforeName(order, widths));
  const paint = (text: string, index: number): string => {
    if (index === STATUS) return text === 'PARSE' ? style.good(text) : style.attention(text);
    return index === NAME ? cut(text, room, style.ellipsis) : text;
  };
  const painted = cells.map((line) => order.map((index) => paint(line[index] ?? '', index)));
  const shown = order.map((index) =>
    index === NAME ? Math.min(widths[NAME] ?? 0, room) : (widths[index] ?? 0),
  );
  const titles = order.map((index) => style.strong(HEAD[index] ?? ''));
  return blocksOf([titles, ...painted])
    .map((block) => laidOut(block, order, shown))
    .join('\n');
}

function cellsOf(row: LibraryRow): string[] {
  return [
    printable(row.videoNo),
    row.sizeBytes === null ? '' : bytesText(row.sizeBytes),
    row.durationSeconds === null || row.durationSeconds <= 0 ? '' : clockText(row.durationSeconds * 1000),
    row.createdMs === null ? '' : day(row.createdMs),
    printable(row.status),
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

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);
}

/** Columns that a text takes; most are plain, and need no look at each character. */
function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text);
}

function blocksOf<T>(lines: readonly T[]): T[][] {
  const blocks: T[][] = [];
  for (let start = 0; start < lines.length; start += BLOCK_ROWS)
    blocks.push(lines.slice(start, start + BLOCK_ROWS));
  return blocks;
}

function laidOut(block: readonly string[][], order: readonly number[], widths: readonly number[]): string {
  const grid = new CliTable({
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    chars: borderless(),
    colWidths: [...widths],
    colAligns: order.map((index) => (RIGHT_ALIGNED.has(index) ? 'right' : 'left')),
  });
  grid.push(...block);
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function day(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}

function borderless(): Record<string, string> {
  const names = ['top', 'bottom', 'left', 'right', 'mid'];
  const all = names.flatMap((name) => ['', '-mid', '-left', '-right'].map((part) => name + part));
  return { ...Object.fromEntries(all.map((name) => [name, ''])), middle: GAP };
}
