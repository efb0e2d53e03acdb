/** Colours by meaning, and marks that the terminal can show. */
import type { Host } from '../host.ts';

type Paint = (text: string) => string;

/** The look of text on standard error. */
export interface Style {
  readonly good: Paint;
  readonly bad: Paint;
  readonly attention: Paint;
  readonly quiet: Paint;
  readonly strong: Paint;
  readonly marks: { readonly good: string; readonly bad: string; readonly attention: string };
  readonly bar: { readonly full: string; readonly empty: string };
  /** Between the parts of a line. */
  readonly separator: string;
  /** In place of text that was cut. */
  readonly ellipsis: string;
  /** The current width in columns; Infinity where there is no limit. */
  readonly width: () => number;
}

/** The style for a stream: coloured by chalk on a terminal, or when the user asks for it. */
export async function styleFor(host: Host, isTTY: boolean): Promise<Style> {
  const unicode = isTTY ? showsUnicode(host) : true;
  const signs = {
    marks: unicode ? { good: '✓', bad: '✗', attention: '!' } : { good: 'ok', bad: 'x', attention: '!' },
    bar: unicode ? { full: '█', empty: '░' } : { full: '#', empty: '-' },
    separator: unicode ? ' · ' : ' | ',
    ellipsis: unicode ? '…' : '...',
    width: () => (isTTY ? host.stderr.columns() : Number.POSITIVE_INFINITY),
  };
  if (!wantsColour(host, isTTY)) {
    const plain: Paint = (text) => text;
    return { good: plain, bad: plain, attention: plain, quiet: plain, strong: plain, ...signs };
  }
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    good: chalk.green,
    bad: chalk.red,
    attention: chalk.yellow,
    quiet: chalk.dim,
    strong: chalk.bold,
    ...signs,
  };
}

/** FORCE_COLOR wins over NO_COLOR, which wins over the kind of stream (force-color.org, no-color.org). */
export function wantsColour(host: Host, isTTY: boolean): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = host.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return isTTY && TERM !== 'dumb';
}

/** Whether the terminal's locale can show more than ASCII. */
function showsUnicode(host: Host): boolean {
  if (host.env.TERM === 'dumb' || host.env.TERM === 'linux') return false;
  if (host.platform === 'win32') return Boolean(host.env.WT_SESSION || host.env.TERM_PROGRAM);
  const locale = host.env.LC_ALL || host.env.LC_CTYPE || host.env.LANG || '';
  return /utf-?8/i.test(locale);
}
