/** Chooses how a run is displayed, and prints plain lines where there are no bars. */
import { type Host, say } from '../host.ts';
import type { ProgressEvent, Renderer, RendererOptions } from './events.ts';
import { messagesFor } from './messages.ts';
import { Meter } from './meter.ts';
import { bytesText, speedText, styleFor, timeLeftText } from './text.ts';

/** The renderer for a run: bars on a terminal, plain lines elsewhere, unless the user chose otherwise. */
export async function renderer(options: RendererOptions): Promise<Renderer> {
  const { host, quiet } = options;
  const { isTTY } = host.stderr;
  const style = await styleFor(host, isTTY);
  // Bars move the cursor, so they need a terminal that nothing else writes to.
  const canDraw = isTTY && host.env.TERM !== 'dumb' && !options.sharesTerminal;
  const wanted = options.mode === 'auto' ? 'bar' : options.mode;
  const mode = quiet ? 'none' : wanted;
  if (mode === 'bar' && canDraw) return (await import('./bar.ts')).barProgress(options, style);
  const messages = (event: ProgressEvent): void => {
    for (const line of messagesFor(event, host.clock.nowMs(), style, quiet)) say(host, line);
  };
  return { report: mode === 'none' ? messages : plainLines(host, messages), close: () => {} };
}

/** The first line of a transfer comes soon, to show that it works; the rest are rare, to keep logs short. */
const FIRST_LINE_MS = 1000;
const NEXT_LINE_MS = 10_000;

/** Reports progress as occasional lines without control codes; `messages` prints the messages of each event. */
export function plainLines(host: Host, messages: (event: ProgressEvent) => void): Renderer['report'] {
  const running = new Map<string, { meter: Meter; nextLineMs: number; waitSaidUntilMs: number }>();
  return (event) => {
    const { kind, videoNo } = event;
    const nowMs = host.clock.ticksMs();
    if (kind === 'over') running.delete(videoNo);
    if (kind !== 'receiving' && kind !== 'waiting' && kind !== 'requesting') return messages(event);
    const fresh = { meter: new Meter(nowMs), nextLineMs: nowMs + FIRST_LINE_MS, waitSaidUntilMs: 0 };
    const video = running.get(videoNo) ?? fresh;
    running.set(videoNo, video);
    if (kind === 'requesting') video.meter.request(nowMs);
    else if (kind === 'waiting') {
      const leftMs = event.untilMs - host.clock.nowMs();
      // Announced once, and again only if it has become noticeably longer.
      if (leftMs < 500 || event.untilMs < video.waitSaidUntilMs + 2000) return;
      video.waitSaidUntilMs = event.untilMs;
      say(host, `${videoNo}: waiting for the rate limit, ${timeLeftText(leftMs)} left`);
    } else {
      video.meter.update(event, nowMs);
      if (nowMs < video.nextLineMs) return;
      video.nextLineMs = nowMs + NEXT_LINE_MS;
      say(host, `${videoNo}: ${transferText(video.meter, nowMs)}`);
    }
  };
}

/** `23 %, 12.3 MiB of 53.0 MiB, 3.1 MiB/s, 13 s left`, as far as known. */
export function transferText(meter: Meter, nowMs: number): string {
  const { receivedBytes, totalBytes } = meter.state;
  const speed = meter.speed(nowMs);
  const leftMs = meter.leftMs(nowMs);
  const size = bytesText(receivedBytes);
  const parts = [
    meter.percent === null ? null : `${meter.percent} %`,
    totalBytes === null || receivedBytes > totalBytes ? size : `${size} of ${bytesText(totalBytes)}`,
    speed === null ? null : speedText(speed),
    leftMs === null ? `${timeLeftText(meter.elapsedMs(nowMs))} so far` : `${timeLeftText(leftMs)} left`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
