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

/** What each column before the name shows of a row, in order. */
const TEXTS = {
  video_no: (row: LibraryRow) => row.videoNo,
  size: ({ listedSize }: LibraryRow) => (listedSize === null ? '' : bytesText(listedSize)),
  length: ({ listed: { duration = 0 } }: LibraryRow) => (duration <= 0 ? '' : clockText(duration * 1000)),
  created: ({ listed }: LibraryRow) => dateOf(listed.create_time) ?? '',
  status: (row: LibraryRow) => printable(row.status).slice(0, 40),
};
type Column = keyof typeof TEXTS;

/** What matters least goes first on a narrow terminal. */
const DROPPED_FIRST: readonly Column[] = ['created', 'length', 'status', 'size'];

/** Prints a table and, on a terminal, a line that counts the rows; nothing for none. Returns their number. */
export async function printTable(rows: AsyncIterable<LibraryRow>, host: Host): Promise<number> {
  const { isTTY } = host.stdout;
  const style = await styleFor(host, isTTY);
  let waiting: LibraryRow[] = [];
  let lineOf: ((row: LibraryRow | null) => string) | null = null;
  const flush = async (): Promise<void> => {
    const lines = lineOf === null ? [null, ...waiting] : waiting;
    lineOf ??= layout(waiting, style);
    waiting = [];
    if (lines.length > 0) await print(host, `${lines.map(lineOf).join('\n')}\n`);
  };
  let [count, bytes, unknownSizes] = [0, 0, 0];
  for await (const row of rows) {
    count += 1;
    bytes += row.listedSize ?? 0;
    unknownSizes += row.listedSize === null ? 1 : 0;
    waiting.push({ ...row, fields: {} });
    if (lineOf !== null || waiting.length >= MEASURED_ROWS) await flush();
  }
  if (count === 0) return 0;
  await flush();
  const unknown = unknownSizes === 0 ? '' : ` and ${unknownSizes} of unknown size`;
  if (isTTY) await print(host, `${videosText(count)}, ${bytesText(bytes)}${unknown}\n`);
  return count;
}

/** How the line of a row, or with null the head, is made, for columns as wide as these rows need. */
function layout(measured: readonly LibraryRow[], style: Style): (row: LibraryRow | null) => string {
  const widths = new Map<Column, number>();
  for (const [column, textOf] of Object.entries(TEXTS)) {
    const widest = measured.reduce((most, row) => Math.max(most, columnsOf(textOf(row))), column.length);
    widths.set(column as Column, widest);
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
  return (row) => {
    const ofStatus = row?.status === 'PARSE' ? style.good : style.attention;
    const cells = [...widths].map(([column, width]) => {
      const side = column === 'size' || column === 'length' ? 'start' : 'end';
      if (row === null) return style.strong(padded(column, width, side));
      const text = padded(TEXTS[column](row), width, side);
      return column === 'status' ? ofStatus(text) : text;
    });
    const name = row === null ? style.strong('name') : printable(row.listed.video_name ?? '');
    return [...cells, cut(name, room, style.ellipsis)].join(GAP).trimEnd();
  };
}
