import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scene } from './scene.ts';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The code blocks of a page that follow `<!-- recipe: name -->`, by name. */
export function recipesOf(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = text.matchAll(/<!-- recipe: (.+) -->\n```\w+\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, name = '', code = '']) => [name, code]));
}

/** How the recipes install the package: from a tarball of one's own, checked before it is used. */
export const INSTALL = [
  'curl -fsSL "$MAVI_TARBALL" -o mavi.tgz',
  'echo "$MAVI_SHA256  mavi.tgz" | sha256sum --check --quiet',
  'npm install --global ./mavi.tgz',
] as const;

/** Puts `mavi` into the PATH of a scene, for programs that start it by name. */
export function withMavi(scene: Scene): void {
  const tools = join(scene.configFolder, '..', 'tools');
  mkdirSync(tools);
  symlinkSync(join(ROOT, 'bin/mavi.js'), join(tools, 'mavi'));
  scene.env.PATH = `${tools}:${scene.env.PATH}`;
}
