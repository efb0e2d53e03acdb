import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROGRAM } from './program.ts';
import type { Scene } from './scene.ts';

/** What a terminal is like. */
export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** Default: bash. */
  readonly shell?: 'bash' | 'zsh' | 'fish';
  /** On top of the scene's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a person would see: the rows of the window, without what is blank at their ends and below them. */
export type Screen = readonly string[];

const PROMPT = '$ ';
const PROMPTS = {
  bash: [`PS1='${PROMPT}'`, `bind 'set enable-bracketed-paste off'`],
  zsh: [`PS1='${PROMPT}'`, 'unsetopt prompt_sp', 'unset zle_bracketed_paste'],
  fish: [`function fish_prompt; echo -n '${PROMPT}'; end`, 'function fish_greeting; end'],
};
let terminals = 0;

/**
 * A terminal of tmux with a shell in which `mavi` is the built program. tmux is driven in its control mode, in
 * which it tells each piece of output, so that nothing has to be waited for by the clock.
 */
export class Terminal {
  readonly #tmux: ChildProcess;
  readonly #answers: ((lines: string[]) => void)[] = [];
  readonly #watchers = new Set<() => void>();
  #output = '';
  #ended = false;

  private constructor(tmux: ChildProcess) {
    this.#tmux = tmux;
    let block: string[] | null = null;
    createInterface({ input: tmux.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (line.startsWith('%begin ')) block = [];
      else if (/^%(end|error) /.test(line)) {
        this.#answers.shift()?.(block ?? []);
        block = null;
      } else if (block !== null) block.push(line);
      else if (line.startsWith('%output ')) {
        this.#output += unescaped(line.replace(/^%output %\d+ /, ''));
        for (const look of [...this.#watchers]) look();
      }
    });
    tmux.on('close', () => {
      this.#ended = true;
      for (const look of [...this.#watchers]) look();
    });
  }

  /** Opens one; it is closed when the test is over. */
  static async open(
    scene: Scene,
    { columns = 80, rows = 24, shell = 'bash', env = {} }: TerminalOptions = {},
  ): Promise<Terminal> {
    terminals += 1;
    const socket = join(scene.configFolder, '..', `tmux-${terminals}`);
    const home = join(scene.configFolder, '..', `shell-${terminals}`);
    mkdirSync(home);
    const all = { ...scene.env, TERM: 'screen-256color', ...env, PATH: `${home}:${scene.env.PATH}` };
    const exports = Object.entries(all).map(([name, value]) => `export ${name}='${value}'`);
    writeFileSync(join(home, 'mavi'), `#!/bin/sh\nexec '${PROGRAM.join("' '")}' "$@"\n`, { mode: 0o755 });
    const lines = [...exports, ...PROMPTS[shell], `cd '${scene.folder}'`].join('\n');
    writeFileSync(join(home, shell === 'zsh' ? '.zshrc' : 'rc'), lines);
    const start = {
      bash: `bash --noprofile --rcfile '${home}/rc' -i`,
      zsh: `ZDOTDIR='${home}' zsh -i`,
      fish: `HOME='${home}' fish --no-config --init-command 'source ${home}/rc' -i`,
    }[shell];
    const command = `exec env -i TERM=screen PATH="$PATH" LANG=C.UTF-8 ${start}`;
    const tmux = spawn(
      'tmux',
      ['-S', socket, '-f', '/dev/null', '-C', 'new-session', '-x', `${columns}`, '-y', `${rows}`, command],
      {
        env: { PATH: scene.env.PATH ?? '', LANG: 'C.UTF-8', TERM: 'xterm' },
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    const terminal = new Terminal(tmux);
    // The first response is that to the command line.
    await new Promise<void>((resolve, reject) => {
      terminal.#answers.push(() => resolve());
      tmux.on('error', reject);
    });
    scene.finally(() => terminal.#close());
    await terminal.#ask(`resize-window -x ${columns} -y ${rows}`);
    await terminal.shows((screen) => screen.join('\n') === PROMPT.trimEnd());
    return terminal;
  }

  /** All that was written to it, escape sequences and all. */
  get output(): string {
    return this.#output;
  }

  /** Types a line, and Enter. */
  async type(line: string): Promise<void> {
    await this.#ask(`send-keys -l ${quoted(line)}`);
    await this.press('Enter');
  }

  /** Presses a key, by tmux's name for it, such as `C-c`. */
  async press(key: string): Promise<void> {
    await this.#ask(`send-keys ${key}`);
  }

  /** Gives the window another size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#ask(`resize-window -x ${columns} -y ${rows}`);
  }

  /** What it shows now. */
  async screen(): Promise<Screen> {
    const rows = (await this.#ask('capture-pane -p')).map((row) => row.trimEnd());
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  /** What it shows as soon as that fits. */
  async shows(fits: (screen: Screen) => boolean): Promise<Screen> {
    for (;;) {
      const seen = this.#output.length;
      const screen = await this.screen();
      if (fits(screen)) return screen;
      if (this.#ended) throw new Error(`the terminal ended with:\n${screen.join('\n')}`);
      if (this.#output.length === seen) await this.#more();
    }
  }

  /** Runs a command line to its end and returns what it printed before the next prompt. */
  async run(line: string): Promise<Screen> {
    await this.type(`clear; ${line}; echo "= $?"`);
    return this.shows((screen) => screen.at(-1) === PROMPT.trimEnd() && /^= \d+$/.test(screen.at(-2) ?? ''));
  }

  /** Whether the cursor is shown, and whether long lines are wrapped. */
  async modes(): Promise<{ cursor: boolean; wraps: boolean }> {
    const [flags = ''] = await this.#ask(`display-message -p '#{cursor_flag} #{wrap_flag}'`);
    const [cursor, wraps] = flags.split(' ');
    return { cursor: cursor === '1', wraps: wraps === '1' };
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  #ask(command: string): Promise<string[]> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#tmux.stdin?.write(`${command}\n`);
    });
  }

  async #close(): Promise<void> {
    if (this.#ended) return;
    const closed = once(this.#tmux, 'close');
    this.#tmux.stdin?.write('kill-server\n');
    await closed;
  }
}

/** tmux writes what is no plain text as backslash and three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
