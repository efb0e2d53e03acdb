/** Plain text as roff, the language of man pages. */

const NAMED: Readonly<Record<string, string>> = {
  '\\': '\\(rs',
  '-': '\\-',
  "'": '\\(aq',
  '"': '\\(dq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/**
 * Text that comes out of a formatter letter by letter: hyphens that can be copied as the minus of a flag,
 * straight quotes, no escapes, and no line that is taken for a request.
 */
export function roffText(plain: string): string {
  return plain
    .replace(/[\\\-'"`^~]/g, (character) => NAMED[character] as string)
    .replace(/[^\n\x20-\x7e]/gu, (character) => {
      const hex = (character.codePointAt(0) as number).toString(16).toUpperCase();
      return `\\[u${hex.padStart(4, '0')}]`;
    })
    .replace(/^\./gm, '\\&.');
}

/** Bold text. */
export function bold(plain: string): string {
  return `\\fB${roffText(plain)}\\fR`;
}

/** Text for what a user puts something else in place of. */
export function placeholder(plain: string): string {
  return `\\fI${roffText(plain)}\\fR`;
}

/** A list of tagged paragraphs; the tags are roff already, the texts plain. */
export function taggedList(rows: readonly (readonly [tag: string, text: string])[]): string[] {
  return rows.flatMap(([tag, text]) => ['.TP', tag, roffText(text)]);
}

/** Lines that are kept as they are. */
export function literalBlock(lines: readonly string[]): string[] {
  return ['.RS 4', '.nf', ...lines.map((line) => roffText(line) || '\\&'), '.fi', '.RE'];
}
