import { PassThrough, Readable } from 'node:stream';
import { ClosedPipe, type EndingSignal, Interrupted } from '../../src/errors.ts';
import { type Clock, type Host, systemClock } from '../../src/host.ts';

/** A host for `run(argv, host)` in this process: real clock and disk, everything else in the test's hands. */
export interface FakeHost extends Host {
  /** All text on standard error so far. */
  readonly errors: () => string;
  /** All bytes on standard output so far. */
  readonly output: () => Buffer;
  /** Sends a signal to the run. */
  readonly send: (signal: EndingSignal) => void;
}

export interface FakeHostOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly stdin?: string | Buffer;
  readonly stdinIsTTY?: boolean;
  readonly stdoutIsTTY?: boolean;
  readonly stderrIsTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly clock?: Clock;
  /** Default: a steady 0, so that back-off takes no time. */
  readonly random?: () => number;
  /** Takes the bytes of standard output instead of keeping them; may throw ClosedPipe. */
  readonly writeOut?: (chunks: readonly Uint8Array[]) => Promise<void>;
}

let runs = 0;

export function fakeHost(options: FakeHostOptions): FakeHost {
  const out: Uint8Array[] = [];
  let errors = '';
  const interruption = new AbortController();
  const screen = new PassThrough();
  screen.on('data', (chunk) => {
    errors += String(chunk);
  });
  Object.assign(screen, { isTTY: options.stderrIsTTY ?? false, columns: options.columns ?? 80 });
  runs += 1;
  const run = runs;
  return {
    argv: [],
    argvIsExact: true,
    env: { MAVI_CONFIG_DIR: `${options.cwd}/.config-mavi`, ...options.env },
    cwd: options.cwd,
    hostname: 'test-host',
    pid: process.pid,
    uid: process.getuid?.() ?? null,
    umask: process.umask(),
    platform: process.platform,
    stdin: { isTTY: options.stdinIsTTY ?? false, stream: Readable.from([options.stdin ?? '']) },
    stdout: {
      isTTY: options.stdoutIsTTY ?? false,
      isClosed: false,
      write:
        options.writeOut ??
        (async (chunks) => {
          for (const chunk of chunks) out.push(Buffer.from(chunk));
        }),
    },
    stderr: {
      isTTY: options.stderrIsTTY ?? false,
      columns: () => options.columns ?? 80,
      rows: () => options.rows ?? 24,
      write: (text) => {
        errors += text;
      },
      stream: screen,
    },
    clock: options.clock ?? systemClock,
    // The first number names the run's temporary files, so it differs from run to run.
    random: options.random ?? firstThen(run / 2 ** 20, 0),
    jobs: { onSuspend: () => () => {}, suspend: () => {}, isForeground: () => true },
    interrupt: interruption.signal,
    secrets: new Set(),
    isAlive: (pid) => pid === process.pid,
    onExit: () => () => {},
    errors: () => errors,
    output: () => Buffer.concat(out),
    send: (signal) => interruption.abort(new Interrupted(signal)),
  };
}

function firstThen(first: number, later: number): () => number {
  let next = first;
  return () => {
    const number = next;
    next = later;
    return number;
  };
}

/** A `writeOut` that closes the pipe after so many bytes. */
export function closesAfter(bytes: number): (chunks: readonly Uint8Array[]) => Promise<void> {
  let left = bytes;
  return async (chunks) => {
    for (const chunk of chunks) left -= chunk.length;
    if (left < 0) throw new ClosedPipe();
  };
}
