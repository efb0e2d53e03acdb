/** Shows the events of a run: chooses how. */
import { type Host, say } from '../host.ts';
import type { ProgressEvent, Report } from './events.ts';
import { wordsFor } from './messages.ts';
import { plainProgress } from './plain.ts';
import { styleFor } from './style.ts';

/** How progress is shown. */
export type ProgressMode = 'auto' | 'bar' | 'plain' | 'none';

/** What shows a run. */
export interface Renderer {
  readonly report: Report;
  /** Takes down what is on the screen for the moment; to be called before the command ends. */
  close(): void;
}

/** What a renderer has to know of the run. */
export interface RendererOptions {
  readonly host: Host;
  readonly mode: ProgressMode;
  readonly quiet: boolean;
  /** How many videos there are. */
  readonly videos: number;
  /** Bytes of all videos together; null where not all sizes are known. */
  readonly totalBytes: number | null;
  /** Whether other lines go to the same terminal meanwhile, which bars would run into. */
  readonly sharesTerminal: boolean;
}

/** The renderer for a run: a bar on a terminal, calm lines elsewhere, unless the user chose. */
export async function renderer(options: RendererOptions): Promise<Renderer> {
  const { host, quiet } = options;
  const { isTTY } = host.stderr;
  const style = await styleFor(host, isTTY);
  // A bar is drawn by moving the cursor, which only a terminal can, and only if nobody else writes to it.
  const canDraw = isTTY && host.env.TERM !== 'dumb' && !options.sharesTerminal;
  const wished = options.mode === 'auto' ? 'bar' : options.mode;
  const mode = quiet ? 'none' : wished === 'bar' && !canDraw ? 'plain' : wished;
  if (mode === 'bar') {
    const { barProgress } = await import('./bar.ts');
    return barProgress(options, style);
  }
  const words = (event: ProgressEvent): void => {
    for (const line of wordsFor(event, host.clock.nowMs(), style, { quiet })) say(host, line);
  };
  return mode === 'plain' ? plainProgress(options, words) : { report: words, close: () => {} };
}
