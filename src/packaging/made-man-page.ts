import { commandTree } from '../cli.ts';
import type { Host } from '../host.ts';
import { version } from '../version.ts';
import { manPage } from './man-page.ts';

/** The man page of this version; the tree is only read, so nothing in it asks for its host. */
export function madeManPage(): string {
  const tree = commandTree({ host: {} as Host, run: async () => {} }, { help: '', usage: '' });
  return manPage(tree, version);
}
