/** Progress as bars on a terminal: one for each running video and, for many, one for all. The only file that imports cli-progress. */
import { basename } from 'node:path';
import cliProgress from 'cli-progress';
import { printable, redactKeys } from '../foreign-text.ts';
import { barLine, totalLine, type VideoLine } from './bar-line.ts';
import type { ProgressEvent } from './events.ts';
import { Meter } from './meter.ts';
import type { Renderer, RendererOptions } from './renderer.ts';
import type { Style } from './style.ts';
import { wordsFor } from './words.ts';

const WRAP_ON = '\u001b[?7h';
const WRAP_OFF = '\u001b[?7l';
const CLEAR_BELOW = '\u001b[J';

/** How often the screen is drawn, a second: smooth to the eye, and nothing beside the download. */
const DRAWINGS_PER_SECOND = 8;

interface Slot {
  readonly bar: cliProgress.SingleBar;
  line: VideoLine | null;
}

/** The renderer of bars. */
export function barProgress(options: RendererOptions, style: Style): Renderer {
  const { host, videos, concurrency } = options;
  const { clock } = host;
  const counts = { done: 0, failed: 0, bytes: 0, total: videos, startedMs: clock.ticksMs() };
  const draw = (slot: Slot | null): string => {
    const columns = host.stderr.columns();
    if (slot === null) return totalLine(counts, columns, clock.ticksMs(), style);
    return slot.line === null ? '' : barLine(slot.line, columns, clock, style);
  };
  const bars = new cliProgress.MultiBar({
    stream: host.stderr.stream as NodeJS.WriteStream,
    format: (_options, _params, payload: { slot: Slot | null }) => draw(payload.slot),
    fps: DRAWINGS_PER_SECOND,
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
    // The host sees to signals; a second handler would end the bars before their last lines are written.
    gracefulExit: false,
    emptyOnZero: true,
    forceRedraw: true,
  });
  let open = true;
  const slots: Slot[] = [];
  const createBar = (slot: Slot | null): cliProgress.SingleBar => bars.create(1, 0, { slot });
  for (let index = 0; index < Math.min(videos, concurrency); index += 1) {
    const slot = { line: null } as unknown as { bar: cliProgress.SingleBar; line: VideoLine | null };
    slot.bar = createBar(slot);
    slots.push(slot);
  }
  if (videos > 1) createBar(null);

  const lineFor = (videoNo: string): VideoLine => {
    const running = slots.find((slot) => slot.line?.videoNo === videoNo);
    if (running?.line) return running.line;
    const line: VideoLine = {
      videoNo,
      name: videoNo,
      state: { kind: 'connecting' },
      meter: new Meter(clock.ticksMs()),
    };
    const free = slots.find((slot) => slot.line === null);
    if (free !== undefined) free.line = line;
    return line;
  };

  const show = (event: ProgressEvent): void => {
    if (event.kind === 'warning') return;
    const line = lineFor(event.videoNo);
    if (event.kind === 'begun')
      line.name = event.file === null ? event.videoNo : printable(basename(event.file));
    else if (event.kind === 'waiting') line.state = { kind: 'waiting', untilMs: event.untilMs };
    else if (event.kind === 'requesting') {
      line.state = { kind: 'connecting' };
      line.meter.request(clock.ticksMs());
    } else if (event.kind === 'retrying') line.state = { kind: 'retrying', untilMs: event.untilMs };
    else if (event.kind === 'finishing') line.state = { kind: 'finishing' };
    else if (event.kind === 'receiving') {
      line.state = { kind: 'receiving' };
      line.meter.update(event, clock.ticksMs());
    } else {
      counts.done += 1;
      if (event.record.status === 'failed') counts.failed += 1;
      counts.bytes += event.record.bytes_received;
      const slot = slots.find((each) => each.line === line);
      if (slot !== undefined) slot.line = null;
    }
  };

  return {
    report(event) {
      show(event);
      for (const text of wordsFor(event, clock.nowMs(), style, options)) {
        const safe = redactKeys(text, host.secrets);
        // A line that stays may be longer than the screen is wide, which the bars are not.
        if (open) bars.log(`${CLEAR_BELOW}${WRAP_ON}${safe}${WRAP_OFF}\n`);
        else host.stderr.write(`${safe}\n`);
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
