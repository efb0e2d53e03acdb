import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NODE } from './node.ts';

/** What starts the built program. */
export const PROGRAM: readonly string[] = [
  NODE,
  fileURLToPath(new URL('../../bin/mavi.js', import.meta.url)),
];

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** How a process is started. */
export interface ProgramOptions {
  readonly folder: string;
  /** The complete environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: nothing, and closed. `open` leaves it to the test. */
  readonly stdin?: string | 'open' | undefined;
  /** Where standard output goes: kept, or to a descriptor. `held` reads nothing before `readOn`. */
  readonly stdout?: 'kept' | 'held' | number | undefined;
  readonly stderr?: 'kept' | number | undefined;
}

/** A process that is running. */
export interface Program {
  readonly child: ChildProcess;
  /** Settles when it is over and all its output has come. */
  readonly ended: Promise<Ended>;
  /** Settles when it is over, whether its output has been read or not. */
  readonly exited: Promise<void>;
  /** Resolves when standard error has come to contain the text; rejects if it ends without. */
  says(text: string): Promise<void>;
  /** Resolves when standard output has come to contain the text; rejects if it ends without. */
  prints(text: string): Promise<void>;
  /** Reads standard output that was held. */
  readOn(): void;
}

/** Starts a process. */
export function startProgram(
  [command = '', ...args]: readonly string[],
  { folder, env, stdin = '', stdout = 'kept', stderr = 'kept' }: ProgramOptions,
): Program {
  const child = spawn(command, args, {
    cwd: folder,
    env,
    stdio: [
      'pipe',
      typeof stdout === 'number' ? stdout : 'pipe',
      typeof stderr === 'number' ? stderr : 'pipe',
    ],
  });
  const out = gather();
  const err = gather();
  const exited = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      out.over();
      err.over();
      resolve({ code, signal, stdout: out.bytes(), stderr: err.bytes().toString() });
    });
  });
  const readOn = (): void => void child.stdout?.on('data', out.take);
  if (stdout === 'kept') readOn();
  child.stderr?.on('data', err.take);
  // A process that ends without reading its input is no failure of the test.
  child.stdin?.on('error', () => {});
  if (stdin !== 'open') child.stdin?.end(stdin);
  return { child, ended, exited, says: err.contains, prints: out.contains, readOn };
}

interface Gathered {
  readonly take: (chunk: Buffer) => void;
  readonly bytes: () => Buffer;
  readonly contains: (text: string) => Promise<void>;
  readonly over: () => void;
}

function gather(): Gathered {
  const chunks: Buffer[] = [];
  const waiting = new Set<(over: boolean) => void>();
  let isOver = false;
  const bytes = (): Buffer => Buffer.concat(chunks);
  return {
    bytes,
    take(chunk) {
      chunks.push(chunk);
      for (const look of waiting) look(false);
    },
    contains: (text) =>
      new Promise((resolve, reject) => {
        const look = (over: boolean): void => {
          if (bytes().includes(text)) resolve();
          else if (over) reject(new Error(`it ended without "${text}" in:\n${bytes()}`));
          else return void waiting.add(look);
          waiting.delete(look);
        };
        look(isOver);
      }),
    over() {
      isOver = true;
      for (const look of waiting) look(true);
    },
  };
}
