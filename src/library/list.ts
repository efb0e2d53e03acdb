/** `mavi list`, from a checked plan to an exit code. */
import { openSession } from '../api/session.ts';
import type { ListPlan } from '../commands/list.ts';
import type { ExitCode } from '../errors.ts';
import { type Host, print, say } from '../host.ts';
import { printable, safeJson } from '../sanitize.ts';
import { libraryRows, libraryScopes } from './pages.ts';
import type { LibraryRow } from './row.ts';

/** Prints the rows on standard output: as they come, but for the table, which needs all of them for its widths. */
export async function runList(plan: ListPlan, host: Host): Promise<ExitCode> {
  const session = await openSession(host, plan.settings, plan.verbose);
  const { settings } = session;
  const listing = { ...session, host, note: (text: string) => say(host, `mavi: ${text}`) };
  if (plan.scopes) {
    const scopes = await libraryScopes(listing);
    const lines = scopes.map((scope) =>
      plan.form === 'json' ? safeJson({ unique_id: scope }) : printable(scope),
    );
    if (lines.length > 0) await print(host, `${lines.join('\n')}\n`);
    return 0;
  }
  const rows: LibraryRow[] = [];
  for await (const row of libraryRows(listing, plan.filters, plan.limit)) {
    if (plan.form === 'json') await print(host, `${safeJson(row.fields)}\n`);
    else if (plan.form === 'ids') await print(host, `${printable(row.videoNo)}\n`);
    else rows.push(row);
  }
  if (plan.form !== 'table') return 0;
  if (rows.length === 0) say(host, `mavi: no video in the scope '${printable(settings.uniqueId)}' matches`);
  else {
    const { table } = await import('./table.ts');
    await print(host, `${await table(rows, host)}\n`);
  }
  return 0;
}
