import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/progress/events.ts';
import { Meter } from '../../src/progress/meter.ts';
import { plainLines, transferText } from '../../src/progress/renderer.ts';
import type { VideoRecord } from '../../src/record.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';

const MIB = 1024 ** 2;

interface Shown {
  readonly clock: ManualClock;
  report(event: ProgressEvent): void;
  /** Reports received bytes of a video. */
  receive(videoNo: string, receivedBytes: number, totalBytes?: number | null): void;
  /** The lines since the last call. */
  lines(): string[];
  /** The events passed on to the printer of messages. */
  readonly left: ProgressEvent[];
}

function shown(): Shown {
  const clock = manualClock();
  const host = fakeHost({ cwd: '/', clock });
  const left: ProgressEvent[] = [];
  const report = plainLines(host, (event) => left.push(event));
  let read = 0;
  return {
    clock,
    report,
    left,
    receive: (videoNo, receivedBytes, totalBytes = null) =>
      report({ kind: 'receiving', videoNo, receivedBytes, totalBytes, mayGrow: false }),
    lines() {
      const text = host.errors().slice(read);
      read += text.length;
      return text.split('\n').slice(0, -1);
    },
  };
}

describe('plain lines', () => {
  it('come after one second, then every ten', async () => {
    const { clock, receive, lines } = shown();
    receive('VI1', 0, 60 * MIB);
    await clock.advance(999);
    receive('VI1', MIB, 60 * MIB);
    expect(lines()).toEqual([]);
    await clock.advance(1);
    receive('VI1', 2 * MIB, 60 * MIB);
    expect(lines()).toEqual(['VI1: 3 %, 2.0 MiB of 60.0 MiB, 2.0 MiB/s, 29 s left']);
    await clock.advance(9999);
    receive('VI1', 20 * MIB, 60 * MIB);
    expect(lines()).toEqual([]);
    await clock.advance(1);
    receive('VI1', 22 * MIB, 60 * MIB);
    expect(lines()).toHaveLength(1);
  });

  it('are independent for each video', async () => {
    const { clock, receive, lines } = shown();
    receive('VI1', 0);
    await clock.advance(600);
    receive('VI2', 0);
    await clock.advance(500);
    receive('VI1', MIB);
    receive('VI2', MIB);
    expect(lines()).toEqual([expect.stringMatching(/^VI1: /)]);
    await clock.advance(500);
    receive('VI1', 2 * MIB);
    receive('VI2', 2 * MIB);
    expect(lines()).toEqual([expect.stringMatching(/^VI2: /)]);
  });

  it('start anew for a video that is downloaded again', async () => {
    const { clock, receive, lines, report } = shown();
    receive('VI1', 0);
    await clock.advance(2000);
    receive('VI1', MIB);
    report({ kind: 'over', videoNo: 'VI1', record: {} as VideoRecord, verified: '' });
    lines();
    receive('VI1', 0);
    await clock.advance(999);
    receive('VI1', MIB);
    expect(lines()).toEqual([]);
  });

  it('measure the speed from the request on', async () => {
    const { clock, receive, lines, report } = shown();
    receive('VI1', 0);
    await clock.advance(60_000);
    report({ kind: 'requesting', videoNo: 'VI1' });
    await clock.advance(1000);
    receive('VI1', MIB, 4 * MIB);
    expect(lines()).toEqual(['VI1: 25 %, 1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3 s left']);
  });

  it('have no control codes', async () => {
    const { clock, receive, lines } = shown();
    receive('VI1', 0, MIB);
    await clock.advance(5000);
    receive('VI1', MIB / 2, MIB);
    expect(lines().join('')).not.toMatch(/\p{Cc}/u);
  });

  it('announce a wait once, and again only if it has become longer', async () => {
    const { clock, lines, report } = shown();
    const wait = (ms: number) => report({ kind: 'waiting', videoNo: 'VI1', untilMs: clock.nowMs() + ms });
    wait(499);
    expect(lines()).toEqual([]);
    wait(20_000);
    expect(lines()).toEqual(['VI1: waiting for the rate limit, 20 s left']);
    await clock.advance(5000);
    wait(15_000);
    wait(16_999);
    expect(lines()).toEqual([]);
    wait(17_000);
    expect(lines()).toEqual(['VI1: waiting for the rate limit, 17 s left']);
  });

  it('pass all other events on to the printer of messages', () => {
    const { left, lines, report } = shown();
    const events: ProgressEvent[] = [
      { kind: 'begun', videoNo: 'VI1', file: 'VI1.mp4' },
      { kind: 'retrying', videoNo: 'VI1', why: 'x', untilMs: 0, attempt: 2, how: 'y' },
      { kind: 'finishing', videoNo: 'VI1' },
      { kind: 'warning', videoNo: null, text: 'x' },
      { kind: 'over', videoNo: 'VI1', record: {} as VideoRecord, verified: '' },
    ];
    for (const event of events) report(event);
    expect(left).toEqual(events);
    expect(lines()).toEqual([]);
  });
});

describe('the text of a transfer', () => {
  function meterOf(receivedBytes: number, totalBytes: number | null): Meter {
    const meter = new Meter(0);
    meter.update({ receivedBytes: 0, totalBytes, mayGrow: false }, 0);
    meter.update({ receivedBytes, totalBytes, mayGrow: false }, 4000);
    return meter;
  }

  it.each([
    [8 * MIB, 32 * MIB, '25 %, 8.0 MiB of 32.0 MiB, 2.0 MiB/s, 12 s left'],
    [8 * MIB, null, '8.0 MiB, 2.0 MiB/s, 4 s so far'],
    [0, 32 * MIB, '0 %, 0 bytes of 32.0 MiB, 0 B/s, 4 s so far'],
    [8 * MIB, 4 * MIB, '100 %, 8.0 MiB, 2.0 MiB/s, 4 s so far'],
  ])('of %i bytes of %j is %s', (received, total, text) => {
    expect(transferText(meterOf(received, total), 4000)).toBe(text);
  });

  it('has no speed before it can be measured', () => {
    expect(transferText(new Meter(0), 100)).toBe('0 bytes, 1 s so far');
  });
});
