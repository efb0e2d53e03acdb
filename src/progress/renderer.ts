/** Chooses how a run is displayed. */
import { say } from '../host.ts';
import type { ProgressEvent, Renderer, RendererOptions } from './events.ts';
import { messagesFor } from './messages.ts';
import { plainProgress } from './plain.ts';
import { styleFor } from './style.ts';

/** The renderer for a run: bars on a terminal, plain lines elsewhere, unless the user chose otherwise. */
export async function renderer(options: RendererOptions): Promise<Renderer> {
  const { host, quiet } = options;
  const { isTTY } = host.stderr;
  const style = await styleFor(host, isTTY);
  // Bars move the cursor, so they need a terminal that nothing else writes to.
  const canDraw = isTTY && host.env.TERM !== 'dumb' && !options.sharesTerminal;
  const wanted = options.mode === 'auto' ? 'bar' : options.mode;
  const mode = quiet ? 'none' : wanted === 'bar' && !canDraw ? 'plain' : wanted;
  if (mode === 'bar') {
    const { barProgress } = await import('./bar.ts');
    return barProgress(options, style);
  }
  const messages = (event: ProgressEvent): void => {
    for (const line of messagesFor(event, host.clock.nowMs(), style, { quiet })) say(host, line);
  };
  return mode === 'plain' ? plainProgress(options, messages) : { report: messages, close: () => {} };
}
