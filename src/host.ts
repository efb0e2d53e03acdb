/** Everything ambient in one value: streams, environment, clock, chance, signals. The only file that names `process`. */
import { isUtf8 } from 'node:buffer';
import { createReadStream, fstatSync, readFileSync, readlinkSync, readSync, statSync, writev } from 'node:fs';
import { homedir, hostname, uptime } from 'node:os';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import {
  ClosedPipe,
  codeOf,
  type EndingSignal,
  type ExitCode,
  Interrupted,
  LocalError,
  localError,
  SIGNAL_EXIT_CODES,
} from './errors.ts';
import { maskSecrets, redactKeys } from './sanitize.ts';

/** Everything a command gets from its environment; tests make their own. */
export type Host = Readonly<Omit<ReturnType<typeof systemHost>, 'end'>>;

/** Time, replaceable in tests. */
export type Clock = Readonly<typeof systemClock>;

/** Throws LocalError if standard output is closed: for commands that have no other result than what they print. */
export function requireStdout({ stdout }: Host): void {
  if (!stdout.isClosed) return;
  const hint = 'redirect it to a file or a pipe, or discard the output with: > /dev/null';
  throw new LocalError('closed_stdout', 'cannot write to standard output: it is closed', { hint });
}

/** Prints text to standard output, the secrets in use masked. Throws ClosedPipe, LocalError. */
export async function print(host: Host, text: string): Promise<void> {
  await host.stdout.write([Buffer.from(maskSecrets(text, host.secrets))]).catch((error) => {
    throw localError(error, 'standard output', 'write to');
  });
}

/** Prints a line to standard error, keys masked. */
export function say(host: Host, text: string): void {
  host.stderr.write(`${redactKeys(text, host.secrets)}\n`);
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export async function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let cancel = (): void => {};
  const delay = new Promise<void>((resolve) => {
    cancel = clock.after(delayMs, resolve);
  });
  await (signal === undefined ? delay : abortable(delay, signal).finally(cancel));
}

/** Settles as the promise does, or rejects with the signal's reason if that comes first; the work itself continues. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Writes all chunks in order with `write`, which may take fewer bytes than it gets and returns how many. */
export async function writeAll(
  chunks: readonly Uint8Array[],
  write: (chunks: readonly Uint8Array[]) => Promise<number>,
): Promise<void> {
  let rest = chunks.filter(({ length }) => length > 0);
  while (rest.length > 0) {
    let written = await write(rest);
    if (written === 0) throw Object.assign(new Error('no more bytes are taken'), { code: 'EIO' });
    const left: Uint8Array[] = [];
    for (const chunk of rest) {
      if (written < chunk.length) left.push(chunk.subarray(written));
      written = Math.max(0, written - chunk.length);
    }
    rest = left;
  }
}

const ENDING_SIGNALS = Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[];
/** A second signal within this time, in milliseconds, is the first one again: timeout(1) and npx send each twice. */
const ECHO_MS = 300;
/** How long to wait for room in a pipe that somebody made non-blocking, in milliseconds. */
const FULL_PIPE_WAIT_MS = 5;
const SHOW_CURSOR = '\u001b[?25h\u001b[?7h';

/** This process. `end` ends it with an exit code, or, after a signal, by that same signal, so that shells see it. */
export function systemHost() {
  // A container may run under a user id without a home, which Node refuses to look up: use the root, as shells do.
  if (orNull(homedir) === null) process.env.HOME = '/';
  const { stderr } = process;
  // A download does not need a reader of standard error.
  stderr.on('error', () => {});
  const interruption = new AbortController();
  let interruptedAtMs = 0;
  const onSignal = (signal: EndingSignal): void => {
    if (!interruption.signal.aborted) {
      interruptedAtMs = systemClock.ticksMs();
      return interruption.abort(new Interrupted(signal));
    }
    if (systemClock.ticksMs() - interruptedAtMs < ECHO_MS) return;
    // A second signal ends the process immediately; only the terminal is restored.
    if (stderr.isTTY) stderr.write(SHOW_CURSOR);
    dieOf(signal);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  if (hangupIsIgnored()) process.off('SIGHUP', onSignal).on('SIGHUP', () => {});
  process.once('beforeExit', () => {
    stderr.write('mavi: unexpected error: the command stopped before it was done\n', () => process.exit(1));
  });
  return {
    argv: process.argv.slice(2) as readonly string[],
    /** Whether the arguments are exactly what was typed: Node turns bytes that are not UTF-8 into U+FFFD. */
    argvIsExact:
      !process.argv.some((argument) => argument.includes('\ufffd')) ||
      orNull(() => isUtf8(readFileSync('/proc/self/cmdline'))) === true,
    env: process.env as Readonly<Record<string, string | undefined>>,
    /** The folder of relative names: `.`, because its absolute name need not be UTF-8, nor be readable. */
    cwd: '.',
    hostname: hostname(),
    pid: process.pid,
    /** The user's id; null on Windows. */
    uid: process.geteuid?.() ?? null,
    /** Permission bits that new files do not get. */
    umask: process.umask(),
    platform: process.platform as string,
    stdin: {
      isTTY: isatty(0),
      get stream(): NodeJS.ReadableStream {
        // Node takes a folder for empty input.
        const isFolder = orNull(() => fstatSync(0).isDirectory()) === true;
        return isFolder ? createReadStream('', { fd: 0 }) : process.stdin;
      },
    },
    /** Standard output, for data only. */
    stdout: {
      isTTY: isatty(1),
      /** Whether it was closed at the start, as by `>&-`. Who discards output as Node does, discards mostly both. */
      isClosed: isReopened(1) && !isReopened(2),
      write: stdoutWriter(),
    },
    /** Standard error, for everything a person reads. */
    stderr: {
      isTTY: isatty(2),
      /** Its width in characters. Text on standard output fits its own terminal when errors go elsewhere. */
      columns: (): number => stderr.columns || (isatty(1) ? process.stdout.columns : 0) || 80,
      rows: (): number => stderr.rows || 24,
      write: (text: string): void => void stderr.write(text),
      /** The stream itself, for prompts. */
      stream: stderr as NodeJS.WritableStream,
    },
    clock: systemClock as Clock,
    /** A number from 0 to below 1. */
    random: Math.random,
    jobs: jobControl,
    /** Aborted, with an Interrupted as its reason, by the first signal that ends the run. */
    interrupt: interruption.signal,
    /** Values that are masked in all text output. */
    secrets: new Set<string>(),
    /** Whether another process of this machine is running. */
    isAlive(pid: number): boolean {
      try {
        return process.kill(pid, 0);
      } catch (error) {
        return codeOf(error) === 'EPERM';
      }
    },
    /** Calls back, synchronously, when the process ends, by a signal too. Returns what cancels that. */
    onExit(callback: () => void): () => void {
      process.once('exit', callback);
      return () => void process.off('exit', callback);
    },
    end(code: ExitCode): void {
      process.exitCode = code;
      const signal = ENDING_SIGNALS.find((each) => SIGNAL_EXIT_CODES[each] === code);
      if (signal !== undefined) dieOf(signal);
      // An open connection, such as one to a silent proxy, would keep the process alive.
      stderr.write('', () => process.exit());
    },
  };
}

/**
 * Writes all bytes to standard output in order, throwing ClosedPipe. It goes through the thread pool: `process.stdout`
 * writes to pipes synchronously, so that a slow reader would hold up signals and time-outs.
 */
function stdoutWriter(): (chunks: readonly Uint8Array[]) => Promise<void> {
  const write = promisify(writev);
  const writeSome = async (chunks: readonly Uint8Array[]): Promise<number> => {
    for (;;) {
      try {
        return (await write(1, chunks)).bytesWritten;
      } catch (error) {
        if (codeOf(error) === 'EPIPE' || codeOf(error) === 'ECONNRESET') throw new ClosedPipe();
        if (codeOf(error) !== 'EAGAIN') throw error;
        await sleep(systemClock, FULL_PIPE_WAIT_MS);
      }
    }
  };
  let last: Promise<void> = Promise.resolve();
  return (chunks) => {
    const next = last.then(() => writeAll(chunks, writeSome));
    // A failed write is its caller's to handle; those queued behind it fail on their own.
    last = next.catch(() => {});
    return next;
  };
}

/** Whether Node opened the null device in place of a closed descriptor: for both ways, shells for writing only. */
function isReopened(descriptor: number): boolean {
  if (pathOf(descriptor) !== '/dev/null') return false;
  const info = orNull(() => readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'));
  return /^flags:\s*\d*2$/m.test(info ?? '');
}

/** The machine's clock. */
export const systemClock = {
  /** Milliseconds since the epoch. */
  nowMs: (): number => Date.now(),
  /** Milliseconds that never go back, for durations. */
  ticksMs: (): number => performance.now(),
  /** Milliseconds since the machine was started, suspends included; no step of the clock changes it. */
  uptimeMs: (): number => uptime() * 1000,
  /** Calls back once after a delay in milliseconds, unless the function returned is called before. */
  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The shell's job control: Ctrl-Z, `fg` and `bg`. */
const jobControl = {
  /** Calls `before` when Ctrl-Z is about to stop the process, and `after` when it resumes, however it was stopped. */
  onSuspend(before: () => void, after: () => void): () => void {
    const onStop = (): void => {
      before();
      // Without a handler the signal stops the process; the next line runs when it resumes.
      process.off('SIGTSTP', onStop);
      process.kill(process.pid, 'SIGTSTP');
      process.on('SIGTSTP', onStop);
    };
    process.on('SIGTSTP', onStop).on('SIGCONT', after);
    return () => void process.off('SIGTSTP', onStop).off('SIGCONT', after);
  },
  /** Stops the job as Ctrl-Z does; for a terminal in raw mode, where Ctrl-Z is only a character. */
  suspend(): void {
    // Windows knows neither the signal nor the shell's habit.
    if (process.platform !== 'win32') process.kill(0, 'SIGTSTP');
  },
  /** Whether this process may use its terminal, rather than run in the background; true where that is unknown. */
  isForeground(): boolean {
    // After the name in brackets: state, parent, group, session, terminal, the terminal's foreground group.
    const stat = orNull(() => readFileSync('/proc/self/stat', 'latin1'));
    const [, , group, , , foreground] = stat?.replace(/^.*\) /s, '').split(' ') ?? [];
    return foreground === group || foreground === '-1';
  },
};

/**
 * Whether the process was started to outlive its terminal, as by nohup(1). Node resets an ignored SIGHUP at its
 * start, so this goes by what nohup leaves: its name in the variable `_` of bash and zsh, output in nohup.out, a
 * standard input that cannot be read, and, for what a script of nohup's starts, a parent that ignores SIGHUP.
 */
function hangupIsIgnored(): boolean {
  const paths = [process.env._, pathOf(1), pathOf(2)];
  if (paths.some((path) => /(^|\/)nohup(\.out)?$/.test(path ?? ''))) return true;
  const parent = orNull(() => readFileSync(`/proc/${process.ppid}/status`, 'latin1'));
  // The lowest bit of the hexadecimal mask is signal 1.
  if (/^SigIgn:\s*\w*[13579bdf]$/m.test(parent ?? '')) return true;
  const isNull = orNull(() => fstatSync(0).rdev === statSync('/dev/null').rdev);
  return isNull === true && orNull(() => readSync(0, Buffer.alloc(1))) === null;
}

/** What a descriptor leads to. */
function pathOf(descriptor: number): string | null {
  return orNull(() => readlinkSync(`/proc/self/fd/${descriptor}`));
}

/** What `look` returns; null if it throws, as for a file that is not there. */
export function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}

function dieOf(signal: EndingSignal): void {
  // Death by a signal skips the exit handlers, which remove locks.
  process.emit('exit', SIGNAL_EXIT_CODES[signal]);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
