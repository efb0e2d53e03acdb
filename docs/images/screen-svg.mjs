/** Draws screens of a terminal, as `tmux capture-pane -e` gives them, as SVG. */

const CHARACTER = 8.43;
const LINE = 19;
const MARGIN = 14;
const BAR = 30;
const COLOURS = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 34: '#79c0ff', 35: '#d2a8ff', 36: '#76e3ea' };
const STYLE = `text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3; white-space: pre; }`;

/** One screen. */
export function still(frame, columns, rows, title) {
  return page(columns, rows, title, STYLE, drawing(frame));
}

/** Screens one after another, for ever; screens that are the same as the one before only last longer. */
export function animation(frames, columns, rows, title, frameMs) {
  const shots = [];
  for (const frame of frames) {
    if (shots.at(-1)?.frame === frame) shots.at(-1).ms += frameMs;
    else shots.push({ frame, ms: frameMs });
  }
  // Whoever looks wants to read the end.
  shots.at(-1).ms += 4000;
  const totalMs = shots.reduce((sum, { ms }) => sum + ms, 0);
  let startMs = 0;
  const rules = [];
  const groups = shots.map(({ frame, ms }, index) => {
    const [from, to] = [startMs, startMs + ms].map((at) => ((at / totalMs) * 100).toFixed(3));
    startMs += ms;
    rules.push(
      `@keyframes f${index} { 0%, ${from}% { visibility: hidden } ${from}%, ${to}% { visibility: visible } ${to}%, 100% { visibility: hidden } }`,
      `.f${index} { visibility: hidden; animation: f${index} ${totalMs}ms step-end infinite }`,
    );
    return `<g class="f${index}">${drawing(frame)}</g>`;
  });
  return page(columns, rows, title, [STYLE, ...rules].join('\n'), groups.join('\n'));
}

function page(columns, rows, title, style, content) {
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
  const height = rows * LINE + BAR + MARGIN;
  const buttons = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${18 + index * 18}" cy="15" r="5.5" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${style}</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117" stroke="#30363d"/>
${buttons.join('')}
${content}
</svg>
`;
}

function drawing(frame) {
  return frame
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      const spans = runsOf(line).map(
        ({ text, codes }) => `<tspan${attributes(codes)}>${escaped(text)}</tspan>`,
      );
      return `<text x="${MARGIN}" y="${BAR + (index + 0.8) * LINE}">${spans.join('')}</text>`;
    })
    .join('\n');
}

/** The runs of one style in a line. */
function runsOf(line) {
  let codes = [];
  const runs = [];
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    const set = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
    if (set === undefined) {
      if (part !== '') runs.push({ text: part, codes });
    } else {
      for (const code of set.split(';').map(Number)) {
        if (code === 0) codes = [];
        else if (code === 39) codes = codes.filter((each) => !(each in COLOURS));
        else if (code === 22) codes = codes.filter((each) => each !== 1 && each !== 2);
        else codes = [...codes, code];
      }
    }
  }
  return runs;
}

function attributes(codes) {
  const colour = codes.map((code) => COLOURS[code]).findLast((each) => each !== undefined);
  return [
    colour === undefined ? '' : ` fill="${colour}"`,
    codes.includes(1) ? ' font-weight="bold"' : '',
    codes.includes(2) ? ' opacity="0.6"' : '',
  ].join('');
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
