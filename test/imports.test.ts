import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** One import of one file. */
interface Import {
  readonly file: string;
  /** A file from the root, such as `src/host.ts`, or a module's name, such as `got` or `node:fs`. */
  readonly target: string;
  /** A type import does not exist at run time; a dynamic import is loaded when it is needed. */
  readonly kind: 'value' | 'type' | 'dynamic';
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .filter((name) => /\.m?ts$|\.mjs$/.test(name) && !name.includes('node_modules/'));
}

/** The source without comments; the `//` in a URL is not a comment. */
function codeOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[\s;])\/\/.*$/gm, '$1');
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s*from\s*)?'([^']+)'/gm;
const DYNAMIC = /(typeof\s+)?\bimport\(\s*'([^']+)'\s*\)/g;

function importsOf(file: string): Import[] {
  const code = codeOf(file);
  const resolved = (target: string): string =>
    target.startsWith('.') ? join(dirname(file), target).replaceAll('\\', '/') : target;
  const fixed = [...code.matchAll(STATIC)].map(([, type, names = '', target = '']): Import => {
    const inBraces = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1]?.split(',') ?? [];
    const named = inBraces.map((name) => name.trim()).filter((name) => name !== '');
    const onlyTypes = named.length > 0 && named.every((name) => name.startsWith('type '));
    return { file, target: resolved(target), kind: type !== undefined || onlyTypes ? 'type' : 'value' };
  });
  const loaded = [...code.matchAll(DYNAMIC)].map(([, type, target = '']): Import => {
    return { file, target: resolved(target), kind: type === undefined ? 'dynamic' : 'type' };
  });
  return [...fixed, ...loaded];
}

const SOURCES = filesUnder('src');
const IMPORTS = SOURCES.flatMap(importsOf);

/** The files that import a module by any of its paths. */
function importersOf(
  module: string,
  kinds: readonly Import['kind'][] = ['value', 'type', 'dynamic'],
): string[] {
  const found = IMPORTS.filter(({ target, kind }) => {
    return (target === module || target.startsWith(`${module}/`)) && kinds.includes(kind);
  });
  return [...new Set(found.map(({ file }) => file))].sort();
}

function under(folder: string): (file: string) => boolean {
  return (file) => file.startsWith(`${folder}/`);
}

it('finds the sources and all their imports', () => {
  expect(SOURCES.length).toBeGreaterThan(60);
  expect(importsOf('src/api/http.ts')).toContainEqual({
    file: 'src/api/http.ts',
    target: 'got',
    kind: 'value',
  });
  const words = IMPORTS.filter(({ target }) => /^src\/.*\.ts$/.test(target));
  for (const { file, target } of words)
    expect({ file, found: SOURCES.includes(target) }).toEqual({ file, found: true });
});

describe('only one place uses', () => {
  it.each([
    ['got', ['src/api/http.ts']],
    ['socks', ['src/api/proxy.ts']],
    ['conf', ['src/settings/store.ts']],
    ['cli-progress', ['src/progress/bar.ts']],
    ['chalk', ['src/progress/text.ts']],
  ])('%s', (module, homes) => {
    expect(importersOf(module)).toEqual(homes);
  });

  it('commander, except for its types', () => {
    const strangers = importersOf('commander', ['value', 'dynamic']).filter(
      (file) => !under('src/commands')(file),
    );
    expect(strangers).toEqual(['src/cli.ts']);
  });

  it('the process', () => {
    const naming = SOURCES.filter((file) => !under('src/packaging')(file)).filter((file) =>
      /\bprocess\??\.[a-z]|\bglobalThis\b|'node:process'/.test(codeOf(file)),
    );
    expect(naming).toEqual(['src/host.ts']);
  });

  it('time, random numbers and the console', () => {
    const ambient = /\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval|console\.)/;
    const naming = SOURCES.filter((file) => !under('src/packaging')(file) && !under('src/mock')(file)).filter(
      (file) => ambient.test(codeOf(file)),
    );
    expect(naming).toEqual(['src/host.ts']);
  });

  it('nock, which would take over the sockets of other tests', () => {
    const users = filesUnder('test').filter((file) =>
      importsOf(file).some(({ target }) => target === 'nock'),
    );
    expect(users).toEqual(['test/api/client.test.ts']);
  });
});

describe('imports go one way:', () => {
  /** What the files of a folder import from outside it. */
  function outside(
    folder: string,
    kinds: readonly Import['kind'][] = ['value', 'type', 'dynamic'],
  ): string[] {
    const from = IMPORTS.filter(({ file, kind }) => under(folder)(file) && kinds.includes(kind));
    return [...new Set(from.map(({ target }) => target).filter((target) => !under(folder)(target)))].sort();
  }

  it('the box parser imports nothing', () => {
    expect(outside('src/isobmff')).toEqual([]);
  });

  it('the mock shares nothing with what it tests, except for the command that starts it', () => {
    const shared = IMPORTS.filter(({ file }) => under('src/mock')(file) && file !== 'src/mock/run.ts')
      .map(({ target }) => target)
      .filter((target) => !target.startsWith('node:') && !under('src/mock')(target));
    expect(shared).toEqual([]);
  });

  it('errors and text sanitizing are at the bottom', () => {
    expect(importsOf('src/sanitize.ts')).toEqual([]);
    expect(importsOf('src/errors.ts').map(({ target }) => target)).toEqual(['src/sanitize.ts']);
  });

  it('only `mavi mock` uses the mock, except for the names of its faults', () => {
    const users = IMPORTS.filter(({ target }) => under('src/mock')(target))
      .filter(({ file, target }) => !under('src/mock')(file) && target !== 'src/mock/faults.ts')
      .map(({ file }) => file);
    expect(new Set(users)).toEqual(new Set(['src/commands/mock.ts']));
  });

  it('the API and the settings do not import downloads or their display', () => {
    const above = [...outside('src/api'), ...outside('src/settings')].filter((target) =>
      ['src/download', 'src/progress', 'src/library', 'src/sync'].some((folder) => under(folder)(target)),
    );
    expect(above).toEqual([]);
  });

  /** One import cycle among files or folders, types included; null if there is none. */
  function cycleIn(nodeOf: (file: string) => string): string[] | null {
    const next = new Map<string, Set<string>>();
    for (const { file, target } of IMPORTS) {
      if (!SOURCES.includes(target) || nodeOf(file) === nodeOf(target)) continue;
      next.set(nodeOf(file), (next.get(nodeOf(file)) ?? new Set()).add(nodeOf(target)));
    }
    const done = new Set<string>();
    const visit = (node: string, path: readonly string[]): string[] | null => {
      if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
      if (done.has(node)) return null;
      for (const target of next.get(node) ?? []) {
        const cycle = visit(target, [...path, node]);
        if (cycle !== null) return cycle;
      }
      done.add(node);
      return null;
    };
    for (const node of next.keys()) {
      const cycle = visit(node, []);
      if (cycle !== null) return cycle;
    }
    return null;
  }

  it('files have no import cycles, types included', () => {
    expect(cycleIn((file) => file)).toBeNull();
  });

  it('folders have no import cycles, types included', () => {
    // A file directly in src counts as its own folder.
    expect(cycleIn((file) => file.split('/').slice(0, -1).join('/').replace(/^src$/, file))).toBeNull();
  });
});

describe('the map in docs/CONTRIBUTING.md', () => {
  const guide = readFileSync(join(ROOT, 'docs/CONTRIBUTING.md'), 'utf8');
  const map = guide.split('## ').find((section) => section.startsWith('The map')) ?? '';
  const rows = map
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name));

  it('names every folder and file directly in src exactly once', () => {
    const entries = readdirSync(join(ROOT, 'src'), { withFileTypes: true });
    const present = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    expect(rows.flat().sort()).toEqual(present.sort());
  });

  it('is in import order, types included', () => {
    const rowOf = (file: string): number =>
      rows.findIndex((row) => row.includes(file.replace(/^src\/(?:([^/]+\/).*|(.*))$/, '$1$2')));
    const upward = IMPORTS.filter(
      ({ file, target }) => SOURCES.includes(target) && rowOf(target) < rowOf(file),
    );
    expect(upward).toEqual([]);
  });
});

it('start-up does not load packages that only some commands need', () => {
  const loaded = new Set(['src/main.ts']);
  // The loop also visits what it adds to the set.
  for (const file of loaded) {
    for (const { target, kind } of SOURCES.includes(file) ? importsOf(file) : []) {
      if (kind === 'value') loaded.add(target);
    }
  }
  expect(loaded).toContain('commander');
  for (const heavy of ['got', 'conf', 'chalk', 'cli-progress', 'socks']) {
    expect(loaded).not.toContain(heavy);
  }
});
