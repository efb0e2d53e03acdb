import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** The Python that has Debian's `requests`; another one in the PATH may not have it. */
export const PYTHON = '/usr/bin/python3';

/** How each program prints its version. */
const VERSION_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  curl: ['curl', '--version'],
  wget: ['wget', '--version'],
  wget2: ['wget2', '--version'],
  aria2c: ['aria2c', '--version'],
  openssl: ['openssl', 'version'],
  nginx: ['sh', '-c', 'nginx -v 2>&1'],
  Python: [
    PYTHON,
    '-c',
    'import platform, requests; print(platform.python_version(), "with requests", requests.__version__)',
  ],
  Node: [process.execPath, '--version'],
};

/**
 * The versions of programs, by name.
 * @throws Error naming what is missing and how to install it
 */
export function versionsOf(names: readonly string[]): Map<string, string> {
  const versions = new Map<string, string>();
  for (const name of names) {
    const [program = '', ...args] = VERSION_COMMANDS[name] ?? [name, '--version'];
    try {
      const text = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      versions.set(name, name === 'Python' ? text.trim() : (/\d+\.[\w.]+/.exec(text)?.[0] ?? 'unknown'));
    } catch {
      throw new Error(
        `${name} is missing; on Debian: apt-get install -y nginx-light curl wget wget2 aria2 openssl python3-requests`,
      );
    }
  }
  return versions;
}

/** The machine and its load, in one line. */
export function machineText(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${systemName()}, Linux ${release()}, ${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown'}, ${gibibytes} GiB of memory; load average at the start ${loadavg()[0]?.toFixed(2)}`;
}

/** The operating system's name. */
export function systemName(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}
