/** `mavi list`, from a checked plan to an exit code. */
import { openSession } from '../api/session.ts';
import type { ExitCode } from '../errors.ts';
import { type Host, print, requireStdout, say } from '../host.ts';
import { printable, safeJson } from '../sanitize.ts';
import { libraryFolders, libraryScopes, listVideos } from './listing.ts';
import type { ListPlan } from './plan.ts';
import type { LibraryRow } from './row.ts';

/** Prints what was asked for on standard output, as it comes. A listing that ends early is a warning. */
export async function runList(
  { what, form, query, settings, verbose }: ListPlan,
  host: Host,
): Promise<ExitCode> {
  requireStdout(host);
  const session = await openSession(host, settings, { verbose });
  const context = { ...session, host, note: (text: string) => say(host, `mavi: ${text}`) };
  const lines = async (of: AsyncIterable<unknown> | Iterable<unknown>, line: (each: never) => string) => {
    for await (const each of of) await print(host, `${line(each as never)}\n`);
  };
  const isJson = form === 'json';
  const listing = listVideos(context, query);
  if (what === 'scopes') {
    const line = (scope: string) => (isJson ? safeJson({ unique_id: scope }) : printable(scope));
    await lines(await libraryScopes(context), line);
  } else if (what === 'folders') {
    const line = ({ id, name }: { id: string; name: string }) =>
      isJson
        ? safeJson({ folder_id: id, folder_name: name })
        : `${id}${form === 'ids' ? '' : `  ${printable(name)}`}`;
    await lines(await libraryFolders(context), line);
  } else if (form === 'table') {
    const { printTable } = await import('./table.ts');
    const count = await printTable(listing.rows, host, (text) => print(host, text));
    if (count === 0)
      say(host, `mavi: no video matches in ${scopesText(query.scopes, session.settings.uniqueId)}`);
  } else {
    const severalScopes = query.scopes === 'all' || query.scopes.length > 1;
    await lines(listing.rows, ({ videoNo, uniqueId, fields }: LibraryRow) => {
      if (!isJson) return videoNo;
      return safeJson(severalScopes ? { ...fields, unique_id: uniqueId } : fields);
    });
  }
  if (listing.incomplete !== null) context.note(listing.incomplete.message);
  return 0;
}

function scopesText(scopes: ListPlan['query']['scopes'], fallback: string): string {
  if (scopes === 'all') return 'any scope';
  const names = (scopes.length === 0 ? [fallback] : scopes).map((scope) => `'${printable(scope)}'`);
  return `the scope${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}
