/** Progress as bars on a terminal: one for each running video and one for a batch. The only file that imports cli-progress. */
import { basename } from 'node:path';
import cliProgress from 'cli-progress';
import type { Host } from '../host.ts';
import { printable, redactKeys } from '../sanitize.ts';
import { blockLines, type VideoLine } from './bar-line.ts';
import { columnsOf } from './columns.ts';
import type { ProgressEvent, Renderer, RendererOptions } from './events.ts';
import { messagesFor } from './messages.ts';
import { Meter } from './meter.ts';
import type { Style } from './text.ts';

const CLEAR_RIGHT = '\u001b[K';

/** The renderer of bars. */
export function barProgress(options: RendererOptions, style: Style): Renderer {
  const { host, videos, totalBytes, quiet, startDelayMs = () => 0 } = options;
  const { clock, stderr } = host;
  const startedMs = clock.ticksMs();
  const counts = { done: 0, failed: 0, bytes: 0, total: videos, totalBytes, startedMs, startDelayMs };
  /** In the order in which they began. */
  const running = new Map<string, VideoLine>();
  let longestName = 0;

  /** Null while the process is stopped or in the background, where the terminal belongs to another program. */
  let display: ReturnType<typeof openDisplay> | null = null;
  const show = (): void => {
    if (display !== null || !host.jobs.isForeground()) return;
    display = openDisplay(stderr, () => {
      const content = { counts: videos > 1 ? counts : null, running: [...running.values()], longestName };
      return blockLines(content, stderr.columns(), stderr.rows(), clock, style);
    });
  };
  const hide = (): void => {
    display?.close();
    display = null;
  };
  show();
  // Shells send SIGCONT to a job when they bring it to the foreground, even if it is running.
  const endSuspend = host.jobs.onSuspend(hide, show);

  const update = (event: ProgressEvent): void => {
    if (event.kind === 'warning') return;
    if (event.kind === 'over') {
      running.delete(event.videoNo);
      const { status, bytes, expected_size } = event.record;
      counts.done += 1;
      if (status === 'failed') counts.failed += 1;
      // With a known total, a finished video no longer counts as missing, however it ended.
      if (totalBytes !== null) counts.bytes += expected_size ?? bytes ?? 0;
      else if (status === 'downloaded') counts.bytes += bytes ?? 0;
      return;
    }
    const nowMs = clock.ticksMs();
    const fresh: VideoLine = { name: event.videoNo, state: { kind: 'requesting' }, meter: new Meter(nowMs) };
    const line = running.get(event.videoNo) ?? fresh;
    running.set(event.videoNo, line);
    if (event.kind === 'begun') {
      line.name = printable(event.name ?? (event.file === null ? event.videoNo : basename(event.file)));
      longestName = Math.max(longestName, columnsOf(line.name));
      return;
    }
    line.state = event;
    if (event.kind === 'requesting') line.meter.request(nowMs);
    if (event.kind === 'receiving') line.meter.update(event, nowMs);
  };

  return {
    report(event) {
      update(event);
      for (const text of messagesFor(event, clock.nowMs(), style, quiet)) {
        const safe = redactKeys(text, host.secrets);
        if (display === null) stderr.write(`${safe}\n`);
        else display.log(safe);
      }
    },
    close() {
      endSuspend();
      hide();
    },
  };
}

/** Shows `lines` at the bottom of the terminal several times a second, with messages scrolling above them. */
function openDisplay(stderr: Host['stderr'], lines: () => readonly string[]) {
  let frame = '';
  let block: readonly string[] = [];
  const stream = {
    isTTY: true,
    // The lines fit the window; cli-progress would count colour codes as columns.
    columns: Number.MAX_SAFE_INTEGER,
    write(text: string) {
      frame += text;
    },
  };
  const bars = new cliProgress.MultiBar({
    stream: stream as unknown as NodeJS.WritableStream,
    // Smooth to the eye, and cheap compared with the download.
    fps: 8,
    clearOnComplete: true,
    hideCursor: true,
    // A message may be longer than the window is wide.
    linewrap: true,
    // Messages push the bars down, so unchanged bars must be redrawn too.
    forceRedraw: true,
    // Signals are handled in host.ts.
    gracefulExit: false,
  });
  let slots = 0;
  const addSlot = (): void => {
    const slot = slots++;
    bars.create(1, 0, {}, { format: () => block[slot] ?? '' });
  };
  // One write per drawing, so that nothing flickers.
  const flush = (): void => {
    // The ^C that a terminal shows would wrap at the end of a line and move everything by a row.
    stderr.write(`${frame}\r`);
    frame = '';
  };
  bars.on('update-pre', () => {
    block = lines();
    while (slots < block.length) addSlot();
  });
  bars.on('update-post', flush);
  bars.on('stop', flush);
  addSlot();
  return {
    /** Shows a message above the bars for good. */
    log(text: string) {
      // cli-progress clears only one line, and a message may cover several old bars.
      bars.log(`${text.replaceAll('\n', `${CLEAR_RIGHT}\n`)}${CLEAR_RIGHT}\n`);
    },
    /** Draws once more, for messages still waiting, and clears the bars. */
    close() {
      bars.update();
      bars.stop();
    },
  };
}
