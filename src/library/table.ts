/** The library as a table that fits the terminal. */
import CliTable from 'cli-table3';
import stringWidth from 'string-width';
import { printable } from '../foreign-text.ts';
import type { Host } from '../host.ts';
import { cut } from '../progress/bar-line.ts';
import { styleFor } from '../progress/style.ts';
import { bytesText, durationText } from '../progress/units.ts';
import type { LibraryRow } from './row.ts';

/** Names are cut to leave room for the rest, but never below this many columns. */
const NARROWEST_NAME = 8;
const GAP = '  ';

/** The table: as wide as the terminal at the most; in a pipe nothing is cut. */
export async function table(rows: readonly LibraryRow[], host: Host): Promise<string> {
  const { isTTY } = host.stdout;
  const style = await styleFor(host, isTTY);
  const head = ['video_no', 'size', 'length', 'created', 'status', 'name'];
  const cells = rows.map((row) => [
    printable(row.videoNo),
    row.sizeBytes === null ? '' : bytesText(row.sizeBytes),
    row.durationSeconds === null ? '' : durationText(row.durationSeconds * 1000),
    row.createdMs === null ? '' : day(row.createdMs),
    printable(row.status),
    printable(row.name),
  ]);
  // What matters least goes first on a narrow terminal.
  const order = isTTY ? fitting(head, cells, host.stderr.columns()) : head.map((_name, index) => index);
  const others = order.slice(0, -1).reduce((sum, index) => sum + widest(head, cells, index) + GAP.length, 0);
  const room = isTTY
    ? Math.max(NARROWEST_NAME, host.stderr.columns() - 1 - others)
    : Number.POSITIVE_INFINITY;
  const paint = (text: string, row: LibraryRow, index: number): string => {
    if (index === 4) return row.status === 'PARSE' ? style.good(text) : style.attention(text);
    return index === 5 ? cut(text, room, style) : text;
  };
  const grid = new CliTable({
    head: order.map((index) => style.strong(head[index] as string)),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    chars: borderless(),
    colAligns: order.map((index) => (index === 1 || index === 2 ? 'right' : 'left')),
  });
  rows.forEach((row, line) => {
    grid.push(order.map((index) => paint(cells[line]?.[index] ?? '', row, index)));
  });
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The columns to show, by index; the name is always the last. */
function fitting(head: readonly string[], cells: readonly (readonly string[])[], columns: number): number[] {
  const order = [0, 1, 2, 3, 4, 5];
  for (const droppable of [3, 2, 4, 1]) {
    const width = order.slice(0, -1).reduce((sum, index) => sum + widest(head, cells, index) + GAP.length, 0);
    if (width + NARROWEST_NAME < columns) break;
    order.splice(order.indexOf(droppable), 1);
  }
  return order;
}

function widest(head: readonly string[], cells: readonly (readonly string[])[], index: number): number {
  return cells.reduce(
    (most, row) => Math.max(most, stringWidth(row[index] ?? '')),
    stringWidth(head[index] ?? ''),
  );
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
