import { describe, expect, it } from 'vitest';
import { type RateLimitStore, rateLimitStore, type Starts } from '../../src/api/rate-limit-store.ts';
import { type RateLimiter, rateLimiter } from '../../src/api/rate-limiter.ts';
import { PauseError } from '../../src/errors.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';

const TWO_A_SECOND = { starts: 2, windowMs: 1000 };

/** A window and its margin. */
const WINDOW = 1010;

interface Line {
  readonly clock: ManualClock;
  readonly gate: RateLimiter;
  /** Names and times of starts, in milliseconds since the test began. */
  readonly started: [name: string, atMs: number][];
  /** Names and reported ends of waits, likewise. */
  readonly waits: [name: string, untilMs: number][];
  /** Names and reasons of requests that did not start. */
  readonly refused: [name: string, reason: unknown][];
  /** Requests a start. */
  ask(name: string, signal?: AbortSignal): Promise<void>;
}

function line(rate = TWO_A_SECOND): Line {
  const clock = manualClock();
  const beganMs = clock.nowMs();
  const gate = rateLimiter(rate, rateLimitStore(clock), clock);
  const started: [string, number][] = [];
  const waits: [string, number][] = [];
  const refused: [string, unknown][] = [];
  return {
    clock,
    gate,
    started,
    waits,
    refused,
    ask: (name, signal = new AbortController().signal) =>
      gate
        .start(signal, (untilMs) => waits.push([name, untilMs - beganMs]))
        .then(
          () => void started.push([name, clock.nowMs() - beganMs]),
          (reason) => void refused.push([name, reason]),
        ),
  };
}

describe('a limiter', () => {
  it('lets as many start together as the rate allows, and the next a window later', async () => {
    const { clock, started, ask } = line({ starts: 12, windowMs: 60_000 });
    for (let index = 0; index < 13; index += 1) void ask(`v${index}`);
    await clock.advance(60_599);
    expect(started).toHaveLength(12);
    expect(started.every(([, atMs]) => atMs === 0)).toBe(true);
    await clock.advance(1);
    expect(started.at(-1)).toEqual(['v12', 60_600]);
  });

  it('serves waiting requests in the order in which they asked', async () => {
    const { clock, started, ask } = line();
    for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
    await clock.advance(10_000);
    expect(started).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', WINDOW],
      ['d', WINDOW],
      ['e', 2 * WINDOW],
    ]);
  });

  it('spaces requests that come one by one', async () => {
    const { clock, started, ask } = line();
    for (const name of ['a', 'b', 'c', 'd']) {
      void ask(name);
      await clock.advance(400);
    }
    await clock.advance(1000);
    expect(started).toEqual([
      ['a', 0],
      ['b', 400],
      ['c', WINDOW],
      ['d', 400 + WINDOW],
    ]);
  });

  it('lets nobody wait while there is room', async () => {
    const { clock, waits, ask } = line();
    for (const name of ['a', 'b']) await ask(name);
    await clock.advance(5000);
    await ask('c');
    expect(waits).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('reports to everyone in the queue until when they wait', async () => {
    const { clock, waits, ask } = line();
    for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
    await clock.advance(0);
    expect(waits.slice(-3)).toEqual([
      ['c', WINDOW],
      ['d', WINDOW],
      ['e', 2 * WINDOW],
    ]);
    waits.length = 0;
    await clock.advance(WINDOW);
    expect(waits).toEqual([['e', 2 * WINDOW]]);
  });

  it('reports immediately to those who join the queue until when they wait', async () => {
    const { clock, waits, ask } = line();
    for (const name of ['a', 'b', 'c']) void ask(name);
    await clock.advance(400);
    waits.length = 0;
    void ask('d');
    void ask('e');
    await clock.advance(0);
    expect(waits).toEqual([
      ['d', WINDOW],
      ['e', 2 * WINDOW],
    ]);
  });

  it('counts a start from when its request goes out, as the server does', async () => {
    const { clock, gate, started, ask } = line({ starts: 1, windowMs: 1000 });
    const sent = await gate.start(new AbortController().signal, () => {});
    await clock.advance(600);
    await sent();
    void ask('next');
    await clock.advance(5000);
    expect(started).toEqual([['next', 600 + WINDOW]]);
  });

  it('counts each start once, however late its request goes out', async () => {
    const { clock, gate, started, ask } = line();
    const sent = await gate.start(new AbortController().signal, () => {});
    await gate.start(new AbortController().signal, () => {});
    await clock.advance(100);
    await sent();
    await clock.advance(900);
    void ask('c');
    void ask('d');
    await clock.advance(5000);
    expect(started).toEqual([
      ['c', WINDOW],
      ['d', 100 + WINDOW],
    ]);
  });

  it('forgets nothing when a request goes out whose start is no longer recorded', async () => {
    const clock = manualClock();
    let kept: Starts = { starts: [], pausedUntilMs: 0 };
    const update: RateLimitStore['update'] = async (change) => (kept = change(kept, clock.nowMs()));
    const gate = rateLimiter(TWO_A_SECOND, { update, read: async () => kept }, clock);
    const sent = await gate.start(new AbortController().signal, () => {});
    await clock.advance(500);
    kept = { starts: [7], pausedUntilMs: 0 };
    await sent();
    expect(kept).toEqual({ starts: [7], pausedUntilMs: 0 });
  });
});

describe('during a pause', () => {
  it('a limiter lets nobody start before its end', async () => {
    const { clock, gate, started, waits, ask } = line();
    await gate.pauseUntil(clock.nowMs() + 7000);
    void ask('a');
    await clock.advance(6999);
    expect(started).toEqual([]);
    expect(waits).toEqual([['a', 7000]]);
    await clock.advance(1);
    expect(started).toEqual([['a', 7000]]);
  });

  it('a limiter holds back those who waited already', async () => {
    const { clock, gate, started, waits, ask } = line({ starts: 1, windowMs: 1000 });
    await ask('a');
    void ask('b');
    await clock.advance(500);
    await gate.pauseUntil(clock.nowMs() + 2500);
    await clock.advance(2499);
    expect(started).toEqual([['a', 0]]);
    expect(waits).toEqual([
      ['b', WINDOW],
      ['b', 3000],
    ]);
    await clock.advance(1);
    expect(started.at(-1)).toEqual(['b', 3000]);
  });

  it('a limiter ignores an earlier end that comes later', async () => {
    const { clock, gate, started, ask } = line();
    await gate.pauseUntil(clock.nowMs() + 3000);
    await gate.pauseUntil(clock.nowMs() + 1000);
    void ask('a');
    await clock.advance(5000);
    expect(started).toEqual([['a', 3000]]);
  });

  it('a limiter keeps to its rate afterwards', async () => {
    const { clock, gate, started, ask } = line();
    await gate.pauseUntil(clock.nowMs() + 3000);
    for (const name of ['a', 'b', 'c']) void ask(name);
    await clock.advance(10_000);
    expect(started).toEqual([
      ['a', 3000],
      ['b', 3000],
      ['c', 3000 + WINDOW],
    ]);
  });
});

describe('an aborted start', () => {
  it('that was aborted before it was requested takes no room', async () => {
    const { clock, started, refused, ask } = line({ starts: 1, windowMs: 1000 });
    await ask('a', AbortSignal.abort('stop'));
    await ask('b');
    await clock.advance(0);
    expect(refused).toEqual([['a', 'stop']]);
    expect(started).toEqual([['b', 0]]);
  });

  it('ends immediately with the reason, takes no room and delays nobody', async () => {
    const { clock, started, refused, ask } = line({ starts: 1, windowMs: 1000 });
    const patience = new AbortController();
    await ask('a');
    void ask('b', patience.signal);
    void ask('c');
    await clock.advance(300);
    patience.abort('enough');
    await clock.advance(0);
    expect(refused).toEqual([['b', 'enough']]);
    await clock.advance(5000);
    expect(started).toEqual([
      ['a', 0],
      ['c', WINDOW],
    ]);
    expect(clock.timers).toBe(0);
  });

  it('gets no more reports of its wait', async () => {
    const { clock, waits, ask } = line({ starts: 1, windowMs: 1000 });
    const patience = new AbortController();
    await ask('a');
    void ask('b', patience.signal);
    void ask('c');
    await clock.advance(100);
    patience.abort('enough');
    waits.length = 0;
    await clock.advance(WINDOW);
    expect(waits).toEqual([['c', WINDOW]]);
  });

  it('leaves no timer behind when a signal aborts all', async () => {
    const { clock, refused, ask } = line({ starts: 1, windowMs: 1000 });
    const run = new AbortController();
    await ask('a');
    for (const name of ['b', 'c', 'd']) void ask(name, run.signal);
    await clock.advance(10);
    run.abort('SIGINT');
    await clock.advance(0);
    expect(refused).toEqual([
      ['b', 'SIGINT'],
      ['c', 'SIGINT'],
      ['d', 'SIGINT'],
    ]);
    expect(clock.timers).toBe(0);
  });
});

describe('without a rate', () => {
  it('everyone starts immediately, and nothing is recorded', async () => {
    const clock = manualClock();
    const store = rateLimitStore(clock);
    const gate = rateLimiter(null, store, clock);
    for (let index = 0; index < 100; index += 1) {
      const sent = await gate.start(new AbortController().signal, () => expect.unreachable('nobody waits'));
      await sent();
    }
    expect(await store.read()).toEqual({ starts: [], pausedUntilMs: 0 });
    expect(gate.delayMsOfStart(1000)).toBe(0);
  });

  it('a pause of the server still counts', async () => {
    const clock = manualClock();
    const gate = rateLimiter(null, rateLimitStore(clock), clock);
    await gate.pauseUntil(clock.nowMs() + 5000);
    let isStarted = false;
    void gate
      .start(new AbortController().signal, () => {})
      .then(() => {
        isStarted = true;
      });
    await clock.advance(4999);
    expect(isStarted).toBe(false);
    await clock.advance(1);
    expect(isStarted).toBe(true);
  });
});

describe('a pause of more than ten minutes', () => {
  it('is refused immediately, until it is over', async () => {
    const { clock, gate, started, refused, ask } = line();
    await gate.pauseUntil(clock.nowMs() + 3_600_000);
    await ask('a');
    expect(refused).toEqual([['a', expect.any(PauseError)]]);
    expect(String(refused[0]?.[1])).toContain('no requests until 2026-01-01T01:00:00Z');
    await expect(gate.checkPause()).rejects.toThrow(PauseError);
    await clock.advance(3_000_001);
    await gate.checkPause();
    void ask('b');
    await clock.advance(600_000);
    expect(started.map(([name]) => name)).toEqual(['b']);
  });

  it('that is found at the end of another wait is refused too', async () => {
    const { clock, gate, refused, ask } = line({ starts: 1, windowMs: 1000 });
    await ask('a');
    void ask('b');
    await clock.advance(500);
    await gate.pauseUntil(clock.nowMs() + 3_600_000);
    await clock.advance(WINDOW);
    expect(refused).toEqual([['b', expect.any(PauseError)]]);
  });
});

describe('an estimate of a later start', () => {
  it('includes earlier starts, the window and a pause', async () => {
    const { clock, gate, ask } = line();
    expect([1, 2, 3].map((n) => gate.delayMsOfStart(n))).toEqual([0, 0, WINDOW]);
    await ask('a');
    await clock.advance(400);
    await ask('b');
    expect([1, 2, 3, 4].map((n) => gate.delayMsOfStart(n))).toEqual([
      WINDOW - 400,
      WINDOW,
      2 * WINDOW - 400,
      2 * WINDOW,
    ]);
    await gate.pauseUntil(clock.nowMs() + 9000);
    expect([1, 2, 3].map((n) => gate.delayMsOfStart(n))).toEqual([9000, 9000, 9000 + WINDOW]);
  });
});

it('two limiters over one store share its room', async () => {
  const clock = manualClock();
  const store = rateLimitStore(clock);
  const started: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const gate = rateLimiter(TWO_A_SECOND, store, clock);
    void gate.start(new AbortController().signal, () => {}).then(() => started.push(name));
  }
  await clock.advance(WINDOW - 1);
  expect(started).toEqual(['a', 'b']);
  await clock.advance(1);
  expect(started).toEqual(['a', 'b', 'c']);
});
