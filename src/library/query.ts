/** Which videos of the library are meant: by scope, filters and patterns of names. Pure. */

/** A checked query. */
export interface LibraryQuery {
  /** The scopes to list, in this order; empty for the one in the settings. */
  readonly scopes: readonly string[] | 'all';
  /** What the API filters by, under its own names; `folder_id` is a text of digits. Undefined for no filter. */
  readonly filters: Readonly<Record<string, unknown>>;
  /** A name has to match any of these; empty for all names. */
  readonly patterns: readonly string[];
  /** The most videos, newest first; Infinity for all. */
  readonly limit: number;
}

/** Whether a query leaves out any video of its scopes. */
export function isNarrowed({ filters, patterns, limit }: LibraryQuery): boolean {
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  return isFiltered || patterns.length > 0 || Number.isFinite(limit);
}

/** A name to compare with others as the least discerning file system does: without case and Unicode form. */
export function folded(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFC');
}

/** Tests names: any pattern may match, a part of the name or, with `*` (any characters) or `?` (one), all of it. */
export function nameMatcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(expressionFor);
  return (name) => patterns.length === 0 || expressions.some((each) => each.test(folded(name)));
}

function expressionFor(pattern: string): RegExp {
  // Split before folding, which could make a wildcard out of a character that only looks like one.
  const parts = pattern.split('*').map((part) => part.split('?').map(literal).join('.'));
  if (!/[*?]/.test(pattern)) return new RegExp(parts.join(''), 'u');
  const [first, ...others] = parts;
  const last = others.length === 0 ? '' : `.*${others.pop()}`;
  // What a lookahead has matched is not tried again, so no pattern takes more than pattern times name steps.
  const middle = others.map((part, index) => `(?=(.*?${part}))\\${index + 1}(?:)`).join('');
  return new RegExp(`^${first}${middle}${last}$`, 'su');
}

function literal(text: string): string {
  return folded(text).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
