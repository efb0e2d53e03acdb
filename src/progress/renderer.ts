/** Shows the events of a run: chooses how. */
import { say } from '../host.ts';
import type { ProgressEvent, Renderer, RendererOptions } from './events.ts';
import { messagesFor } from './messages.ts';
import { plainProgress } from './plain.ts';
import { styleFor } from './style.ts';

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
    for (const line of messagesFor(event, host.clock.nowMs(), style, { quiet })) say(host, line);
  };
  return mode === 'plain' ? plainProgress(options, words) : { report: words, close: () => {} };
}
