/** Progress as occasional lines without control codes, for logs and pipes. */
import { type Host, say } from '../host.ts';
import type { ProgressEvent, Renderer, RendererOptions } from './events.ts';
import { Meter } from './meter.ts';
import { bytesText, speedText, timeLeftText } from './text.ts';

/** The first line of a transfer comes soon, to show that it works; the rest are rare, to keep logs short. */
const FIRST_LINE_MS = 1000;
const NEXT_LINE_MS = 10_000;

interface Running {
  readonly meter: Meter;
  nextLineMs: number;
  waitSaidUntilMs: number;
}

/** The renderer of plain lines; `messages` prints the messages of each event. */
export function plainProgress({ host }: RendererOptions, messages: (event: ProgressEvent) => void): Renderer {
  const running = new Map<string, Running>();
  const of = (videoNo: string): Running => {
    const nowMs = host.clock.ticksMs();
    const known = running.get(videoNo);
    if (known !== undefined) return known;
    const fresh = { meter: new Meter(nowMs), nextLineMs: nowMs + FIRST_LINE_MS, waitSaidUntilMs: 0 };
    running.set(videoNo, fresh);
    return fresh;
  };
  return {
    report(event) {
      if (event.kind === 'receiving') {
        const video = of(event.videoNo);
        const nowMs = host.clock.ticksMs();
        video.meter.update(event, nowMs);
        if (nowMs < video.nextLineMs) return;
        video.nextLineMs = nowMs + NEXT_LINE_MS;
        say(host, `${event.videoNo}: ${transferText(video.meter, nowMs)}`);
      } else if (event.kind === 'waiting') {
        sayWait(host, of(event.videoNo), event.videoNo, event.untilMs);
      } else if (event.kind === 'requesting') {
        of(event.videoNo).meter.request(host.clock.ticksMs());
      } else {
        if (event.kind === 'over') running.delete(event.videoNo);
        messages(event);
      }
    },
    close() {},
  };
}

/** `23 % · 12.3 MiB of 53.0 MiB · 3.1 MiB/s · 13 s left`, as far as known. */
export function transferText(meter: Meter, nowMs: number): string {
  const { receivedBytes, totalBytes } = meter.state;
  const { percent } = meter;
  const speed = meter.speed(nowMs);
  const leftMs = meter.leftMs(nowMs);
  return [
    ...(percent === null ? [] : [`${percent} %`]),
    totalBytes === null || receivedBytes > totalBytes
      ? bytesText(receivedBytes)
      : `${bytesText(receivedBytes)} of ${bytesText(totalBytes)}`,
    ...(speed === null ? [] : [speedText(speed)]),
    leftMs === null ? `${timeLeftText(meter.elapsedMs(nowMs))} so far` : `${timeLeftText(leftMs)} left`,
  ].join(', ');
}

/** Announces a wait once, and again only if it has become noticeably longer. */
function sayWait(host: Host, video: Running, videoNo: string, untilMs: number): void {
  const leftMs = untilMs - host.clock.nowMs();
  if (leftMs < 500 || untilMs < video.waitSaidUntilMs + 2000) return;
  video.waitSaidUntilMs = untilMs;
  say(host, `${videoNo}: waiting for the rate limit, ${timeLeftText(leftMs)} left`);
}
