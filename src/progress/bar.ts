/** Progress as bars on a terminal: one for each running video and, for many, one for all. The only file that imports cli-progress. */
import { basename } from 'node:path';
import cliProgress from 'cli-progress';
import type { Clock, TextOutput } from '../host.ts';
import { printable, redactKeys } from '../sanitize.ts';
import { type BatchCounts, barLine, labels, layoutFor, totalLine, type VideoLine } from './bar-line.ts';
import { columnsOf, cut } from './columns.ts';
import type { ProgressEvent, Renderer, RendererOptions } from './events.ts';
import { messagesFor } from './messages.ts';
import { Meter } from './meter.ts';
import type { Style } from './style.ts';

/** Smooth to the eye, and cheap next to the download. */
const DRAWINGS_PER_SECOND = 8;
const CLEAR_RIGHT = '\u001b[K';

/** The renderer of bars. */
export function barProgress(options: RendererOptions, style: Style): Renderer {
  const { host, videos, totalBytes } = options;
  const { clock, stderr } = host;
  const startedMs = clock.ticksMs();
  const { startDelayMs = () => 0 } = options;
  const counts = { done: 0, failed: 0, bytes: 0, total: videos, totalBytes, startedMs, startDelayMs };
  /** In the order in which they began; a finished one gives its line to those below it. */
  const running = new Map<string, VideoLine>();
  let longestName = 0;

  /** Null while the process is stopped or in the background, where the terminal belongs to another program. */
  let display: Display | null = null;
  const show = (): void => {
    if (display !== null || !host.jobs.isForeground()) return;
    display = new Display(stderr, () => {
      const content = { counts: videos > 1 ? counts : null, running: [...running.values()], longestName };
      return blockLines(content, stderr.columns(), stderr.rows(), clock, style);
    });
  };
  const hide = (): void => {
    display?.close();
    display = null;
  };
  show();
  // Shells continue a job with SIGCONT when they bring it to the foreground, even one that is running.
  const endSuspend = host.jobs.onSuspend(hide, show);

  const lineFor = (videoNo: string): VideoLine => {
    let line = running.get(videoNo);
    if (line === undefined) {
      line = { videoNo, name: videoNo, state: { kind: 'asking' }, meter: new Meter(clock.ticksMs()) };
      running.set(videoNo, line);
    }
    return line;
  };

  const update = (event: ProgressEvent): void => {
    if (event.kind === 'warning') return;
    if (event.kind === 'over') {
      running.delete(event.videoNo);
      const { status, bytes, expected_size } = event.record;
      counts.done += 1;
      if (status === 'failed') counts.failed += 1;
      // With a known total, a video that is over is no longer to come, however it ended.
      if (totalBytes !== null) counts.bytes += expected_size ?? bytes ?? 0;
      else if (status === 'downloaded') counts.bytes += bytes ?? 0;
      return;
    }
    const line = lineFor(event.videoNo);
    if (event.kind === 'begun') {
      line.name = printable(event.name ?? (event.file === null ? event.videoNo : basename(event.file)));
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
      update(event);
      for (const text of messagesFor(event, clock.nowMs(), style, options)) {
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

/** What the bars show at one moment. */
export interface BlockContent {
  /** Null for a single video, which needs no line for the batch. */
  readonly counts: BatchCounts | null;
  readonly running: readonly VideoLine[];
  /** Columns of the longest name so far: it never shrinks, so that the columns stay in place. */
  readonly longestName: number;
}

/** At most `rows - 1` lines, each narrower than `columns`, so that the terminal never scrolls or wraps. */
export function blockLines(
  { counts, running, longestName }: BlockContent,
  columns: number,
  rows: number,
  clock: Clock,
  style: Style,
): readonly string[] {
  const width = columns - 1;
  const label = counts === null ? 0 : columnsOf(labels(counts)[0] ?? '');
  const layout = layoutFor(width, Math.max(longestName, label));
  const head = counts === null ? [] : [totalLine(counts, running, layout, clock, style)];
  const room = Math.max(1, rows - 1 - head.length);
  const shown = running.length <= room ? running : running.slice(0, Math.max(0, room - 1));
  const lines = shown.map((line) => barLine(line, layout, width, clock, style));
  const more = running.length - shown.length;
  const rest = more === 0 ? [] : [style.quiet(cut(`and ${more} more in progress`, width, style.ellipsis))];
  return [...head, ...lines, ...rest];
}

/** Lines at the bottom of the terminal, drawn again and again, with messages scrolling above them. */
class Display {
  readonly #bars: cliProgress.MultiBar;

  /** @param lines the lines to show now */
  constructor(stderr: TextOutput, lines: () => readonly string[]) {
    let frame = '';
    let block: readonly string[] = [];
    let slots = 0;
    const stream = {
      isTTY: true,
      // Lines come cut to the window's width; cli-progress would count colour codes as columns.
      columns: Number.MAX_SAFE_INTEGER,
      write: (text: string) => {
        frame += text;
      },
    };
    const bars = new cliProgress.MultiBar({
      stream: stream as unknown as NodeJS.WritableStream,
      fps: DRAWINGS_PER_SECOND,
      clearOnComplete: true,
      hideCursor: true,
      // A message may be longer than the window is wide.
      linewrap: true,
      // Messages push the bars down, so a bar that has not changed has to be drawn again too.
      forceRedraw: true,
      // Signals are handled in host.ts.
      gracefulExit: false,
    });
    const addSlot = (): void => {
      const slot = slots;
      slots += 1;
      bars.create(1, 0, {}, { format: () => block[slot] ?? '' });
    };
    const flush = (): void => {
      // At the end of a line, the ^C that the terminal itself shows would wrap and move all by a row.
      stderr.write(`${frame}\r`);
      frame = '';
    };
    bars.on('update-pre', () => {
      block = lines();
      while (slots < block.length) addSlot();
    });
    // One write a drawing, so that nothing flickers.
    bars.on('update-post', flush);
    bars.on('stop', flush);
    addSlot();
    this.#bars = bars;
  }

  /** Shows a message above the bars for good. */
  log(text: string): void {
    // cli-progress clears one line only, and a message may cover several old bars.
    this.#bars.log(`${text.replaceAll('\n', `${CLEAR_RIGHT}\n`)}${CLEAR_RIGHT}\n`);
  }

  /** Draws once more, for messages still waiting, and clears the bars. */
  close(): void {
    this.#bars.update();
    this.#bars.stop();
  }
}
