/** Real shells that are asked, by a real TAB where they need one, what they would offer. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from '../../src/cli.ts';
import type { Shell } from '../../src/completion/run.ts';
import { fakeHost } from '../helpers/fake-host.ts';

/** The completion script of a shell as a file in a folder. */
export async function scriptFile(
  shell: Shell,
  folder: string,
  name = `completion.${shell}`,
): Promise<string> {
  const host = fakeHost({ cwd: folder });
  const code = await run(['completion', shell], host);
  if (code !== 0) throw new Error(host.errors());
  const file = join(folder, name);
  writeFileSync(file, host.output());
  return file;
}

/** What the shell offers at the end of each line, sorted; `cwd` is the folder that it completes files of. */
export async function offers(
  shell: Shell,
  lines: readonly string[],
  script: string,
  cwd: string,
): Promise<string[][]> {
  const record = `${script}.record`;
  writeFileSync(record, '');
  if (shell === 'fish') await askFish(lines, script, cwd, record);
  else await typeInto(shell, `${SETUP[shell](script, record)}\n${lines.map(TAB_AND_MARK).join('')}`, cwd);
  const blocks = readFileSync(record, 'utf8').split('==\n').slice(0, -1);
  return blocks.map((block) =>
    [...new Set(block.split('\n').filter((offer) => offer !== ''))].sort((one, other) =>
      one < other ? -1 : 1,
    ),
  );
}

/** The arguments that `mavi` gets when the keys are typed into a real bash, command by command. */
export async function typedIntoBash(keys: readonly string[], script: string, cwd: string): Promise<string[]> {
  const record = `${script}.record`;
  writeFileSync(record, '');
  const program = `mavi() { printf '<%s>' "$@" >> '${record}'; echo >> '${record}'; }`;
  await typeInto('bash', `source '${script}'; ${program}\n${keys.map((key) => `${key}\n`).join('')}`, cwd);
  return readFileSync(record, 'utf8').trimEnd().split('\n');
}

/** TAB; then the line is taken back, and a mark is set after what was offered. */
const TAB_AND_MARK = (line: string): string => `${line}\t\u0001\u000bmark\n`;

const SETUP = {
  // The words of COMPREPLY, before readline makes of them what its own options say.
  bash: (script: string, record: string) =>
    [
      `source '${script}'`,
      `mark() { echo "==" >> '${record}'; }`,
      `probe() { _mavi; printf '%s\\n' "\${COMPREPLY[@]}" >> '${record}'; }`,
      'complete -F probe mavi',
    ].join('; '),
  // All matches go through compadd; with -O, -A or -D it is asked by another function and adds none.
  zsh: (script: string, record: string) =>
    [
      `fpath=('${dirname(script)}' $fpath); autoload -Uz compinit; compinit -u -D`,
      'LISTMAX=0; unsetopt beep; bindkey -e',
      // compinit itself finds a file of that name.
      basename(script) === '_mavi' ? 'true' : `source '${script}'`,
      `mark() { echo "==" >> '${record}' }`,
      `compadd() { if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then local -a hits; ` +
        `builtin compadd -A hits "$@"; print -rl -- $hits >> '${record}'; fi; builtin compadd "$@" }`,
    ].join('; '),
};

const PROGRAMS = { bash: 'bash --norc --noprofile -i', zsh: 'zsh -f -i' };

async function askFish(lines: readonly string[], script: string, cwd: string, record: string): Promise<void> {
  const asks = lines.map(
    (line) => `complete -C '${line}' | string split -f 1 \\t >> '${record}'; echo == >> '${record}'`,
  );
  await ended('fish', ['--no-config', '-c', `source '${script}'; ${asks.join('; ')}`], cwd, '');
}

/** Types into a shell on a pseudo-terminal, ends it, and waits for its end. */
function typeInto(shell: 'bash' | 'zsh', keys: string, cwd: string): Promise<void> {
  return ended('script', ['-qec', PROGRAMS[shell], '/dev/null'], cwd, `${keys}exit 0\n`);
}

function ended(program: string, args: readonly string[], cwd: string, stdin: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, TERM: 'xterm', LANG: 'C.UTF-8' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code}: ${said}`));
    });
    child.stdin.end(stdin);
  });
}
