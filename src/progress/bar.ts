/** Progress as bars on a terminal: one for each running video and, for many, one for all. The only file that imports cli-progress. */
import { basename } from 'node:path';
import cliProgress from 'cli-progress';
import { printable, redactKeys } from '../sanitize.ts';
import type { VideoLine } from './bar-line.ts';
import { blockLines } from './block.ts';
import type { ProgressEvent } from './events.ts';
import { wordsFor } from './messages.ts';
import { Meter } from './meter.ts';
import type { Renderer, RendererOptions } from './renderer.ts';
import { Screen } from './screen.ts';
import type { Style } from './style.ts';
import { columnsOf } from './text.ts';

/** How often the screen is drawn, a second: smooth to the eye, and nothing beside the download. */
const DRAWINGS_PER_SECOND = 8;

/** The renderer of bars. */
export function barProgress(options: RendererOptions, style: Style): Renderer {
  const { host, videos, totalBytes } = options;
  const { clock, stderr } = host;
  const startedMs = clock.ticksMs();
  const counts = { done: 0, failed: 0, bytes: 0, total: videos, totalBytes, startedMs };
  /** In the order in which they began; one that is over gives its line up to those below it. */
  const running = new Map<string, VideoLine>();
  let longestName = 0;
  let open = true;

  const screen = new Screen({ write: (text) => stderr.write(text), columns: stderr.columns });
  const display: cliProgress.Options & { terminal: Screen } = {
    terminal: screen,
    fps: DRAWINGS_PER_SECOND,
    format: () => {
      if (!open) return '';
      const content = { counts: videos > 1 ? counts : null, running: [...running.values()], longestName };
      return blockLines(content, stderr.columns(), stderr.rows(), clock, style).join('\n');
    },
    clearOnComplete: true,
    hideCursor: true,
    linewrap: null,
    forceRedraw: true,
    // The host sees to signals; a second handler would end the bars before their last lines are written.
    gracefulExit: false,
  };
  const bars = new cliProgress.MultiBar(display);
  bars.on('update-post', () => screen.draw());
  bars.create(1, 0);

  const lineFor = (videoNo: string): VideoLine => {
    let line = running.get(videoNo);
    if (line === undefined) {
      line = { videoNo, name: videoNo, state: { kind: 'asking' }, meter: new Meter(clock.ticksMs()) };
      running.set(videoNo, line);
    }
    return line;
  };

  const show = (event: ProgressEvent): void => {
    if (event.kind === 'warning') return;
    if (event.kind === 'over') {
      running.delete(event.videoNo);
      const { status, bytes, expected_size } = event.record;
      counts.done += 1;
      if (status === 'failed') counts.failed += 1;
      // Where the whole is known, a video that is over is no longer to come, however it went.
      if (totalBytes !== null) counts.bytes += expected_size ?? bytes ?? 0;
      else if (status === 'downloaded') counts.bytes += bytes ?? 0;
      return;
    }
    const line = lineFor(event.videoNo);
    if (event.kind === 'begun') {
      line.name = event.file === null ? event.videoNo : printable(basename(event.file));
      longestName = Math.max(longestName, columnsOf(line.name));
    } else if (event.kind === 'waiting') line.state = { kind: 'waiting', untilMs: event.untilMs };
    else if (event.kind === 'requesting') {
      line.state = { kind: 'asking' };
      line.meter.request(clock.ticksMs());
    } else if (event.kind === 'retrying') line.state = { kind: 'retrying', untilMs: event.untilMs };
    else if (event.kind === 'finishing') line.state = { kind: 'finishing' };
    else {
      line.state = { kind: 'receiving' };
      line.meter.update(event, clock.ticksMs());
    }
  };

  return {
    report(event) {
      show(event);
      for (const text of wordsFor(event, clock.nowMs(), style, options)) {
        const safe = redactKeys(text, host.secrets);
        if (open) bars.log(`${safe}\n`);
        else stderr.write(`${safe}\n`);
      }
    },
    close() {
      if (!open) return;
      open = false;
      // Draws once more, for the lines that are still waiting to be written.
      bars.update();
      bars.stop();
    },
  };
}
