import type { BenchRun } from './page.ts';
import type { CaseResult } from './rounds.ts';
import { median } from './statistics.ts';

const SHOWN = ['file-http-1g', 'file-https-1g', 'stdout-https-1g', 'checksum-paced', 'checksum'];
const WIDTH = 820;
const NAME_WIDTH = 230;
const VALUE_WIDTH = 70;
const BAR_HEIGHT = 18;
const BAR_GAP = 5;
const TITLE_HEIGHT = 34;
const MARGIN = 16;
const OWN_COLOUR = '#0f766e';
const OTHER_COLOUR = '#94a3b8';
const INK = '#1e293b';

/** A chart of the large downloads: a bar for each command's median, a line from its fastest to its slowest run. */
export function picture({ results }: BenchRun): string {
  const shown = results.filter(({ test }) => SHOWN.includes(test.id));
  const slowest = Math.max(
    ...shown.flatMap(({ measurements }) => [...measurements.values()].flat().map(({ seconds }) => seconds)),
  );
  const scale = (WIDTH - NAME_WIDTH - VALUE_WIDTH - 2 * MARGIN) / slowest;
  const parts: string[] = [];
  let y = MARGIN;
  for (const result of shown) {
    y += TITLE_HEIGHT;
    parts.push(`<text x="${MARGIN}" y="${y - 10}" font-weight="bold">${escaped(result.test.title)}</text>`);
    for (const bar of barsOf(result)) {
      parts.push(barAt(y, scale, bar));
      y += BAR_HEIGHT + BAR_GAP;
    }
  }
  const height = y + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">
<title>Seconds by command, less is better</title>
<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

interface Bar {
  readonly name: string;
  readonly middle: number;
  readonly least: number;
  readonly most: number;
}

function barsOf({ measurements }: CaseResult): Bar[] {
  return [...measurements].map(([name, taken]) => {
    const seconds = taken.map((each) => each.seconds);
    return { name, middle: median(seconds), least: Math.min(...seconds), most: Math.max(...seconds) };
  });
}

function barAt(y: number, scale: number, { name, middle, least, most }: Bar): string {
  const x = MARGIN + NAME_WIDTH;
  const at = (seconds: number): string => (x + seconds * scale).toFixed(1);
  const centre = y + BAR_HEIGHT / 2;
  const colour = name.startsWith('mavi') ? OWN_COLOUR : OTHER_COLOUR;
  return [
    `<text x="${x - 8}" y="${centre + 4}" text-anchor="end">${escaped(name)}</text>`,
    `<rect x="${x}" y="${y}" width="${(middle * scale).toFixed(1)}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"/>`,
    `<line x1="${at(least)}" x2="${at(most)}" y1="${centre}" y2="${centre}" stroke="${INK}"/>`,
    `<text x="${(x + most * scale + 8).toFixed(1)}" y="${centre + 4}">${middle.toFixed(2)} s</text>`,
  ].join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
