/** The library as a table that fits the terminal. */
import { type Host, print } from '../host.ts';
import { columnsOf, cut, padded } from '../progress/columns.ts';
import { bytesText, clockText, type Style, styleFor } from '../progress/text.ts';
import { printable } from '../sanitize.ts';
import { videosText } from './listing.ts';
import { dateOf, type LibraryRow } from './row.ts';

/** Names are cut to leave room for the rest, but never below this many columns. */
const NARROWEST_NAME = 8;
const GAP = '  ';

/** Columns are as wide as these many rows need; the rest of a longer list is printed as it comes. */
const MEASURED_ROWS = 5000;

type Column = 'video_no' | 'size' | 'length' | 'created' | 'status' | 'name';
type Cells = Readonly<Record<Column, string>>;

/** What each column shows of a row, in order. */
const TEXTS: Readonly<Record<Column, (row: LibraryRow) => string>> = {
  video_no: (row) => row.videoNo,
  size: ({ sizeBytes }) => (sizeBytes === null ? '' : bytesText(sizeBytes)),
  length: ({ durationSeconds: s }) => (s === null || s <= 0 ? '' : clockText(s * 1000)),
  created: (row) => dateOf(row.createdMs) ?? '',
  status: (row) => printable(row.status).slice(0, 40),
  name: (row) => printable(row.name),
};
const ORDER = Object.keys(TEXTS) as Column[];
const HEAD = cellsOf((column) => column);
/** What matters least goes first on a narrow terminal. */
const DROPPED_FIRST: readonly Column[] = ['created', 'length', 'status', 'size'];

/**
 * Prints the rows as a table, with a last line that counts them; in a pipe nothing is cut and no line follows the
 * rows. Returns how many there were; for none it prints nothing.
 */
export async function printTable(rows: AsyncIterable<LibraryRow>, host: Host): Promise<number> {
  const { isTTY } = host.stdout;
  const style = await styleFor(host, isTTY);
  let waiting: Cells[] = [];
  let lineOf: ((cells: Cells) => string) | null = null;
  const flush = async (): Promise<void> => {
    const lines = lineOf === null ? [HEAD, ...waiting] : waiting;
    lineOf ??= layout(waiting, style);
    waiting = [];
    if (lines.length > 0) await print(host, `${lines.map(lineOf).join('\n')}\n`);
  };
  let [count, bytes, unknownSizes] = [0, 0, 0];
  for await (const row of rows) {
    count += 1;
    bytes += row.sizeBytes ?? 0;
    unknownSizes += row.sizeBytes === null ? 1 : 0;
    waiting.push(cellsOf((column) => TEXTS[column](row)));
    if (lineOf !== null || waiting.length >= MEASURED_ROWS) await flush();
  }
  if (count === 0) return 0;
  await flush();
  const unknown = unknownSizes === 0 ? '' : ` and ${unknownSizes} of unknown size`;
  if (isTTY) await print(host, `${videosText(count)}, ${bytesText(bytes)}${unknown}\n`);
  return count;
}

function cellsOf(textOf: (column: Column) => string): Cells {
  return Object.fromEntries(ORDER.map((column) => [column, textOf(column)])) as Cells;
}

/** How a line is made, for columns as wide as these rows need. */
function layout(measured: readonly Cells[], style: Style): (cells: Cells) => string {
  const widths = new Map<Column, number>();
  for (const column of ORDER.slice(0, -1)) {
    const widest = measured.reduce((most, cells) => Math.max(most, columnsOf(cells[column])), column.length);
    widths.set(column, widest);
  }
  const roomForName = (): number => {
    const taken = [...widths.values()].reduce((sum, each) => sum + each + GAP.length, 0);
    return style.width() - 1 - taken;
  };
  for (const column of DROPPED_FIRST) {
    if (roomForName() >= NARROWEST_NAME) break;
    widths.delete(column);
  }
  const room = Math.max(NARROWEST_NAME, roomForName());
  return (cells) => {
    const paint = (column: Column, text: string): string => {
      if (cells === HEAD) return style.strong(text);
      if (column !== 'status') return text;
      return cells.status === 'PARSE' ? style.good(text) : style.attention(text);
    };
    const shown = [...widths].map(([column, most]) => {
      const side = column === 'size' || column === 'length' ? 'start' : 'end';
      return paint(column, padded(cells[column], most, side));
    });
    return [...shown, paint('name', cut(cells.name, room, style.ellipsis))].join(GAP).trimEnd();
  };
}
