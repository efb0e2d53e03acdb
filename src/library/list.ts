/** `mavi list`, from a checked plan to an exit code. */
import { openSession } from '../api/client.ts';
import type { ExitCode } from '../errors.ts';
import { type Host, print, requireStdout, say } from '../host.ts';
import { printable, safeJson } from '../sanitize.ts';
import type { SettingTexts } from '../settings/settings.ts';
import { libraryFolders, libraryScopes, listVideos } from './listing.ts';
import { isNarrowed, type LibraryQuery } from './query.ts';

/** What `mavi list` was asked to do. */
export interface ListPlan {
  readonly what: 'videos' | 'scopes' | 'folders';
  readonly form: 'table' | 'json' | 'ids';
  readonly query: LibraryQuery;
  readonly verbose: boolean;
  readonly settings: SettingTexts;
}

/** Prints what was asked for on standard output, as it comes. A listing that ends early is a warning. */
export async function runList(plan: ListPlan, host: Host): Promise<ExitCode> {
  const { what, form, query } = plan;
  requireStdout(host);
  const session = await openSession(host, plan.settings, plan);
  const note = (text: string): void => say(host, `mavi: ${text}`);
  const context = { ...session, host, note };
  const printLine = (fields: object, text: string): Promise<void> =>
    print(host, `${form === 'json' ? safeJson(fields) : text}\n`);
  if (what === 'scopes') {
    for (const scope of await libraryScopes(context)) await printLine({ unique_id: scope }, printable(scope));
    return 0;
  }
  if (what === 'folders') {
    for (const folder of await libraryFolders(context)) {
      const { folder_id: id, folder_name: name } = folder;
      await printLine(folder, form === 'ids' ? id : `${id}  ${printable(name)}`);
    }
    return 0;
  }
  const { scopes } = query;
  const listing = listVideos(context, query);
  if (form === 'table') {
    // Loaded for a table alone: the width of text takes a large package.
    const { printTable } = await import('./table.ts');
    const count = await printTable(listing.rows, host);
    const found = isNarrowed(query) ? 'no video matches' : 'no videos found';
    if (count === 0) note(`${found} in ${scopesText(scopes, session.settings.uniqueId)}`);
  } else {
    const showsScope = scopes === 'all' || scopes.length > 1;
    for await (const { videoNo, uniqueId, fields } of listing.rows) {
      await printLine(showsScope ? { ...fields, unique_id: uniqueId } : fields, videoNo);
    }
  }
  for (const text of listing.incomplete) note(text);
  return 0;
}

function scopesText(scopes: LibraryQuery['scopes'], fallback: string): string {
  if (scopes === 'all') return 'any scope';
  const names = (scopes.length === 0 ? [fallback] : scopes).map((scope) => `'${printable(scope)}'`);
  return `the scope${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}
