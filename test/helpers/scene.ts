import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type OnTestFinishedHandler, test } from 'vitest';
import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts';
import { controlCharacter, hasStackTrace, leakedPart } from './leaks.ts';
import { type Ended, PROGRAM, type Program, type ProgramOptions, startProgram } from './program.ts';

/** How a process of the scene is started. */
export interface RunOptions extends Pick<ProgramOptions, 'stdin' | 'stdout' | 'stderr'> {
  /** Added to the scene's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Runs the program under another one, such as strace. */
  readonly by?: readonly string[];
  /** It may print a key, one that is not the user's. */
  readonly printsKey?: boolean;
  /** Default: the scene's folder. */
  readonly folder?: string;
}

/**
 * A place to run the built program in, with its own folder, environment and key. Every run checks that the output
 * contains no part of the key, no stack trace and no control character.
 */
export class Scene {
  /** Where the program runs. */
  readonly folder: string;
  /** Its MAVI_CONFIG_DIR. */
  readonly configFolder: string;
  readonly key = `sk-mavi-${randomBytes(96).toString('base64url')}`;
  /** The environment of every run from here on. */
  readonly env: Record<string, string>;
  readonly #onFinished: (cleanUp: OnTestFinishedHandler) => void;

  constructor(onFinished: (cleanUp: OnTestFinishedHandler) => void) {
    this.#onFinished = onFinished;
    const root = mkdtempSync(join(tmpdir(), 'mavi-scene-'));
    onFinished(() => rmSync(root, { recursive: true, force: true }));
    this.folder = join(root, 'here');
    this.configFolder = join(root, 'config');
    mkdirSync(this.folder);
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: join(root, 'home'),
      LANG: 'C.UTF-8',
      MAVI_CONFIG_DIR: this.configFolder,
      MAVI_API_KEY: this.key,
      MAVI_RATE: '0',
    };
  }

  /** A mock that accepts the scene's key, used by all later runs. */
  async mock(options: MockOptions = {}): Promise<Mock> {
    const mock = await startMock({ key: this.key, ...options });
    this.#onFinished(() => mock.close());
    this.env.MAVI_BASE_URL = mock.baseUrl;
    return mock;
  }

  /** Does something at the end of the test, before earlier resources are removed. */
  finally(cleanUp: () => unknown): void {
    this.#onFinished(cleanUp as OnTestFinishedHandler);
  }

  /** Starts the program; it is killed if it outlives the test. */
  start(args: readonly string[], options: RunOptions = {}): Program {
    return this.#launch([...(options.by ?? []), ...PROGRAM, ...args], options);
  }

  /** Runs the program to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** Starts a line of bash in which `mavi` runs the program, as does `$program`. */
  shell(line: string, options: RunOptions = {}): Program {
    return this.#launch(
      ['bash', '-c', `program='${PROGRAM.join(' ')}'; mavi() { $program "$@"; }; ${line}`],
      options,
    );
  }

  /** The same on a terminal: its screen is standard output, its keyboard standard input. */
  terminal(line: string, { columns = 80, ...options }: RunOptions & { columns?: number } = {}): Program {
    const env = { TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env };
    const command = `stty cols ${columns} rows 24; program='${PROGRAM.join(' ')}'; ${line}`;
    return this.#launch(['script', '--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
      stdin: 'open',
      ...options,
      env,
    });
  }

  /** A path in the scene's folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file into the scene's folder and returns its path. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** The bytes of a file in the scene's folder. */
  read(name: string): Buffer {
    return readFileSync(this.path(name));
  }

  /** All names in the scene's folder, sorted. */
  names(): string[] {
    return readdirSync(this.folder).sort();
  }

  /** All names of temporary files in the scene's folder and below it. */
  leftovers(): string[] {
    return readdirSync(this.folder, { encoding: 'utf8', recursive: true }).filter((name) =>
      name.includes('.part'),
    );
  }

  #launch(command: readonly string[], options: RunOptions): Program {
    const env = Object.entries({ ...this.env, ...options.env }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    expect(leakedPart(this.key, command.join(' '))).toBeNull();
    const { stdin, stdout, stderr, folder = this.folder } = options;
    const program = startProgram(command, { folder, env: Object.fromEntries(env), stdin, stdout, stderr });
    this.#onFinished(() => {
      if (program.child.exitCode === null && program.child.signalCode === null) program.child.kill('SIGKILL');
    });
    const verbose = /(^| )(-v|--verbose)( |$)/.test(command.join(' '));
    return { ...program, ended: program.ended.then((ended) => this.#inspect(ended, verbose, options)) };
  }

  #inspect(ended: Ended, verbose: boolean, { printsKey = false }: RunOptions): Ended {
    const text = ended.stderr;
    if (!printsKey)
      expect(leakedPart(this.key, ended.stdout), 'a part of the key on standard output').toBeNull();
    expect(leakedPart(this.key, text), 'a part of the key on standard error').toBeNull();
    if (!verbose) expect(hasStackTrace(text), `a stack trace in:\n${text}`).toBe(false);
    expect(controlCharacter(text), `a control character in:\n${text}`).toBeNull();
    return ended;
  }
}

/** `it` for tests that run the built program, each in its own scene. */
export const it = test.extend<{ scene: Scene }>({
  scene: async ({ onTestFinished }, use) => {
    await use(new Scene(onTestFinished));
  },
});
