import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../src/settings/settings.ts';
import { ROOT, recipesOf } from '../helpers/recipes.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const PAGES = ['README.md', 'CHANGELOG.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)];

/** The rows of README's table of settings, by variable. */
function settingsTable(): Map<string, readonly string[]> {
  const section = README.slice(README.indexOf('\n## Settings\n'));
  const table = section.slice(0, section.indexOf('\n\n', section.indexOf('\n| --- |')));
  const rows = table.split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    rows.map((row) => {
      const [, flag = '', variable = '', fallback = ''] = row.split('|').map((cell) => cell.trim());
      return [variable, [flag, fallback]];
    }),
  );
}

/** The anchors that GitHub makes from the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('README', () => {
  it.each(Object.values(DEFINITIONS))(
    'has $config among its settings, with flag, variable and default',
    ({ flag, variable, fallback }) => {
      const [shownFlag, shownDefault = ''] = settingsTable().get(`\`${variable}\``) ?? [];
      expect(shownFlag).toBe(`\`${flag}\``);
      expect(shownDefault.replaceAll('`', '').split(/[ ,;]/)[0]).toBe(fallback ?? 'none');
    },
  );

  it('has no other settings except the key, the profile and the folder', () => {
    const variables = Object.values(DEFINITIONS).map(({ variable }) => `\`${variable}\``);
    const others = [...settingsTable().keys()].filter((variable) => !variables.includes(variable));
    expect(others).toEqual([
      'variable',
      '---',
      '`MAVI_API_KEY`, `MAVI_API_KEY_FILE`, `MEMORIES_API_KEY`',
      '`MAVI_PROFILE`',
      '`MAVI_CONFIG_DIR`',
    ]);
  });

  it('has no code that no test runs', () => {
    const blocks = [...README.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
    const recipes = [...recipesOf('README.md').values()];
    expect(blocks.filter((code) => !recipes.includes(code))).toEqual([
      expect.stringMatching(/^npm ci && npm run demo .*\nnpm cit .*\n$/),
      'mavi sync library\n',
    ]);
  });
});

describe('the pages', () => {
  it.each(PAGES.filter((page) => page.endsWith('.md')))('(%s) tell nobody to install by name', (page) => {
    const commands = readFileSync(join(ROOT, page), 'utf8').matchAll(
      /\b(?:npm (?:install|i|add|exec)|npx|yarn|pnpm|bun)(?: -\S+| --\S+| global| add| dlx)* (?<what>[^\s`]+)/g,
    );
    const names = [...commands].map(({ groups }) => groups?.what ?? '');
    expect(names.filter((name) => /^mavi(@|$)/.test(name))).toEqual([]);
  });

  it.each(PAGES.filter((page) => page.endsWith('.md')))('(%s) have no broken links', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const inside = links.filter((link) => !/^[a-z]+:/.test(link));
    const broken = inside.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('show every picture in docs/images', () => {
    const shown = PAGES.filter((page) => page.endsWith('.md'))
      .map((page) => readFileSync(join(ROOT, page), 'utf8'))
      .join('\n');
    const pictures = readdirSync(join(ROOT, 'docs/images')).filter((name) => name.endsWith('.svg'));
    expect(pictures.filter((name) => !shown.includes(`images/${name})`))).toEqual([]);
  });
});
