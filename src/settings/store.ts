/** The config file: the only place that uses conf, and that only when there is something to read or to write. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { LocalError } from '../errors.ts';
import { type Host, say } from '../host.ts';

/** What the config file holds: settings and key as texts, by their config names. */
export interface StoredValues {
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The folder of the config file and of the record of starts. */
export function configFolder(host: Host): string {
  const chosen = host.env.MAVI_CONFIG_DIR;
  return chosen ? resolve(host.cwd, chosen) : envPaths('mavi', { suffix: '' }).config;
}

/** The path of the config file, which need not exist. */
export function configPath(host: Host): string {
  return join(configFolder(host), 'config.json');
}

/** Reads the config file; without one, or with a torn one, which is warned of, the answer is empty. */
export async function readStore(host: Host): Promise<StoredValues> {
  const path = configPath(host);
  if (!existsSync(path)) return { path, values: {} };
  closeToOthers(host, path);
  const conf = await openConf(host, path);
  if (conf.size === 0 && !isJson(readFileSync(path, 'utf8'))) {
    say(
      host,
      `mavi: warning: ${path} is not valid JSON, so its settings are ignored until it is written again`,
    );
  }
  const texts = Object.entries(conf.store).filter(
    ([, value]) => typeof value === 'string' || typeof value === 'number',
  );
  return { path, values: Object.fromEntries(texts.map(([name, value]) => [name, String(value)])) };
}

/** What conf takes for empty may be torn, too. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Stores one value. Throws LocalError if the file cannot be written. */
export async function storeValue(host: Host, name: string, value: string): Promise<void> {
  await change(host, (conf) => conf.set(name, value));
}

/** Removes one value; says whether it was there. */
export async function removeValue(host: Host, name: string): Promise<boolean> {
  const { values } = await readStore(host);
  if (values[name] === undefined) return false;
  await change(host, (conf) => conf.delete(name));
  return true;
}

type ConfFile = InstanceType<typeof import('conf').default<Record<string, unknown>>>;

async function change(host: Host, edit: (conf: ConfFile) => void): Promise<void> {
  const path = configPath(host);
  try {
    // Made here, for conf would make the folder readable by all.
    mkdirSync(configFolder(host), { recursive: true, mode: 0o700 });
    const conf = await openConf(host, path);
    edit(conf);
    closeToOthers(host, path);
  } catch (error) {
    if (error instanceof LocalError) throw error;
    throw new LocalError('config', `cannot write ${path}: ${(error as Error).message}`, {
      hint: 'set MAVI_CONFIG_DIR to a folder of yours, or use MAVI_API_KEY and the other variables',
      cause: error,
    });
  }
}

async function openConf(host: Host, path: string): Promise<ConfFile> {
  const { default: Conf } = await import('conf');
  try {
    return new Conf<Record<string, unknown>>({
      projectName: 'mavi',
      cwd: configFolder(host),
      configName: 'config',
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: true,
    });
  } catch (error) {
    throw new LocalError('config', `cannot read ${path}: ${(error as Error).message}`, {
      hint: 'set MAVI_CONFIG_DIR to a folder of yours, or use MAVI_API_KEY and the other variables',
      cause: error,
    });
  }
}

/** The file can hold the key: if others may read it, that is mended and said. */
function closeToOthers(host: Host, path: string): void {
  if (host.platform === 'win32') return;
  try {
    if ((statSync(path).mode & 0o077) === 0) return;
    chmodSync(path, 0o600);
    say(host, `mavi: warning: others could read ${path}; it is now yours alone (mode 0600)`);
  } catch (error) {
    say(host, `mavi: warning: others may be able to read ${path}: ${(error as Error).message}`);
  }
}
