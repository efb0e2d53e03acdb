import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { NODE } from './node.ts';

/** The built program. */
export const BIN = fileURLToPath(new URL('../../bin/mavi.js', import.meta.url));

/** How a process of the program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A process of the program that is running. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error has come to contain the text. */
  saysOnStderr(text: string): Promise<void>;
}

export interface BinOptions extends Pick<SpawnOptions, 'cwd'> {
  /** The complete environment except PATH; nothing else is inherited. */
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** The program to start; default: this Node with bin/mavi.js. */
  readonly command?: readonly string[];
}

/** Starts the built program; it is killed if it outlives the test. */
export function startBin(args: readonly string[], options: BinOptions = {}): Running {
  const [program, ...first] = options.command ?? [NODE, BIN];
  const child = spawn(program as string, [...first, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  const out: Buffer[] = [];
  let stderr = '';
  const waiting: { text: string; resolve: () => void }[] = [];
  child.stdout?.on('data', (chunk) => out.push(chunk));
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
    for (const { text, resolve } of waiting) if (stderr.includes(text)) resolve();
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.stdin ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout: Buffer.concat(out), stderr }));
  });
  return {
    child,
    ended,
    saysOnStderr: (text) =>
      new Promise((resolve) => {
        if (stderr.includes(text)) resolve();
        else waiting.push({ text, resolve });
      }),
  };
}

/** Runs the built program to its end. */
export function runBin(args: readonly string[], options: BinOptions = {}): Promise<Ended> {
  return startBin(args, options).ended;
}
