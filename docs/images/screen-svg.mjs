/** Draws screens of a terminal, as `tmux capture-pane -e` gives them, as SVG: light or dark as the reader likes. */
import stringWidth from 'string-width';

const CHARACTER = 8.43;
const LINE = 19;
const MARGIN = 14;
const TITLE_BAR = 30;
/** Classes of the colours and forms that the program uses, by the codes that switch them on. */
const CLASSES = { 1: 'b', 2: 'q', 31: 'r', 32: 'g', 33: 'y' };
const STYLE = `
svg { --bg: #0d1117; --fg: #e6edf3; --edge: #30363d; --quiet: #8b949e; --r: #ff7b72; --g: #56d364; --y: #e3b341 }
@media (prefers-color-scheme: light) {
svg { --bg: #fff; --fg: #1f2328; --edge: #d0d7de; --quiet: #6e7781; --r: #cf222e; --g: #1a7f37; --y: #9a6700 } }
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: var(--fg) }
.b { font-weight: bold } .q { fill: var(--quiet) } .r { fill: var(--r) } .g { fill: var(--g) } .y { fill: var(--y) }
rect.q { opacity: .35 }`;

/** One screen. */
export function still(screen, columns, rows, title) {
  const lines = linesOf(screen).map(drawn);
  return page(columns, rows, title, STYLE, lines.filter(Boolean).join('\n'));
}

/**
 * Screens one after another, for ever. Each row is a film of its own, so that a row that stays is drawn once.
 * Whoever wants no motion sees the last screen.
 */
export function animation(shots, columns, rows, title, restMs) {
  const totalMs = shots.reduce((sum, { ms }) => sum + ms, 0) + restMs;
  const percent = (ms) => Number(((ms / totalMs) * 100).toFixed(2));
  const rules = [];
  const groups = [];
  for (let row = 0; row < rows; row += 1) {
    for (const { line, fromMs, toMs } of scenesOf(shots, row)) {
      const content = drawn(line, row);
      if (content === '') continue;
      const isLast = toMs === null;
      const name = `k${rules.length}`;
      const end = isLast ? '' : `${percent(toMs)}%{visibility:hidden}`;
      const before = percent(fromMs) === 0 ? '' : '0%{visibility:hidden}';
      rules.push(`@keyframes ${name}{${before}${percent(fromMs)}%{visibility:visible}${end}}`);
      groups.push(`<g class="s${isLast ? ' last' : ''}" style="animation-name:${name}">${content}</g>`);
    }
  }
  const motion = `.s { visibility: hidden; animation: ${totalMs}ms step-end infinite }
@media (prefers-reduced-motion: reduce) { .s { animation: none } .last { visibility: visible } }`;
  return page(columns, rows, title, [STYLE, motion, ...rules].join('\n'), groups.join('\n'));
}

/** What one row shows, and from when to when; null is the end. */
function scenesOf(shots, row) {
  const scenes = [];
  let atMs = 0;
  for (const { screen, ms } of shots) {
    const line = linesOf(screen)[row] ?? '';
    const last = scenes.at(-1);
    if (last?.line !== line) {
      if (last !== undefined) last.toMs = atMs;
      scenes.push({ line, fromMs: atMs, toMs: null });
    }
    atMs += ms;
  }
  return scenes;
}

function page(columns, rows, title, style, content) {
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
  const height = rows * LINE + TITLE_BAR + MARGIN;
  const buttons = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${18 + index * 18}" cy="15" r="5.5" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${style}
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" style="fill: var(--bg); stroke: var(--edge)"/>
${buttons.join('')}
${content}
</svg>
`;
}

/** The lines, each with the codes that are on at its start: tmux says only what changes from one line to the next. */
function linesOf(screen) {
  let codes = [];
  return screen
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => {
      const whole = codes.map((code) => `\u001b[${code}m`).join('') + line;
      codes = runsOf(whole).codes;
      return whole;
    });
}

/** A line: its words at their columns, whatever the width of the reader's font; its bars as boxes. */
function drawn(line, row) {
  const top = TITLE_BAR + row * LINE;
  const parts = [];
  let column = 0;
  for (const { text, codes } of runsOf(line).runs) {
    const classes = codes.map((code) => CLASSES[code]).filter(Boolean);
    const named = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
    for (const piece of text.match(/[█░]+|(?: ?[^█░ ])+ ?|\s+/g) ?? []) {
      const width = stringWidth(piece);
      const x = fixed(MARGIN + column * CHARACTER);
      const length = fixed(width * CHARACTER);
      if (/[█░]/.test(piece)) {
        parts.push(`<rect${named} x="${x}" y="${top + 3}" width="${length}" height="${LINE - 6}"/>`);
      } else if (piece.trim() !== '') {
        const words = escaped(piece.trim());
        const shift = fixed((piece.length - piece.trimStart().length) * CHARACTER);
        const fits = ` textLength="${fixed(stringWidth(piece.trim()) * CHARACTER)}"`;
        parts.push(
          `<text${named} x="${fixed(x + shift)}" y="${fixed(top + 0.74 * LINE)}"${fits}>${words}</text>`,
        );
      }
      column += width;
    }
  }
  return parts.join('');
}

/** The runs of one style in a line, and the codes that are on at its end. */
function runsOf(line) {
  let codes = [];
  const runs = [];
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    const set = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
    if (set === undefined) {
      if (part !== '') runs.push({ text: part, codes });
      continue;
    }
    for (const code of set.split(';').map(Number)) {
      if (code === 0) codes = [];
      else if (code === 39) codes = codes.filter((each) => each < 30);
      else if (code === 22) codes = codes.filter((each) => each > 2);
      else codes = [...codes, code];
    }
  }
  return { runs, codes };
}

function fixed(number) {
  return Number(number.toFixed(1));
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
