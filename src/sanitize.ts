/** Makes foreign text (from the server, an argument, a file name) safe to show, without secrets. Pure. */

/** Control characters, line and paragraph separators, zero-width and bidirectional controls. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Anything that looks like a key of the API, but not the end of a word such as `desk-` or `task-`. */
const KEY_SHAPE = /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}/g;

/** Of a key with fewer characters after its prefix, four are too many to show, and a piece may be a word. */
const LEAST_HIDDEN = 12;

/** A piece of a key: how many characters of which kind make one. */
type Piece = Readonly<{ characters: RegExp; length: number }>;

const PIECES: readonly Piece[] = [
  // Whatever white space or invisible characters are between them. Fewer match by chance, such as in a SHA-256.
  { characters: /[^\s\p{Cc}\p{Cf}]/gu, length: 8 },
  // Words hardly ever match so many, even those of a key made of words.
  { characters: /[a-z0-9]/gi, length: 16 },
];

/** How much of a server's text is shown, in characters. */
export const SHOWN_CHARACTERS = 300;

/** How much of it is looked at. A hostile text can have millions. */
const READ_CHARACTERS = 16 * 1024;

/** The text on one line, without control or bidirectional characters. */
export function printable(text: string): string {
  return text
    .replace(/[\t\r\n]+/g, ' ')
    .replace(UNSAFE, '')
    .trim();
}

/** A server's text to show: printable, with keys masked, and cut. */
export function serverText(text: string, secrets: Iterable<string> = []): string {
  // Masked before the cut, because half a key is a leak too.
  const clean = redactKeys(printable(text.slice(0, READ_CHARACTERS)), secrets);
  const characters = Array.from(clean);
  return characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : clean;
}

/** Text for people, with the secrets (in base64 too), pieces of them, and everything that looks like a key masked. */
export function redactKeys(text: string, secrets: Iterable<string> = []): string {
  const known = [...secrets].flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  const pieceless = PIECES.reduce(
    (clean, piece) => maskPieces(clean, known, piece),
    maskSecrets(text, known),
  );
  return pieceless.replace(KEY_SHAPE, maskKey);
}

/** Masks each run of at least `length` characters of a secret, in whatever case, with characters of other kinds in between. */
function maskPieces(text: string, secrets: readonly string[], { characters, length }: Piece): string {
  const pieces = new Set<string>();
  for (const secret of secrets) {
    const hidden = secret.slice(prefixOf(secret).length);
    const { letters } = lettersOf(hidden.length < LEAST_HIDDEN ? '' : hidden, characters);
    for (let at = 0; at + length <= letters.length; at += 1) pieces.add(letters.slice(at, at + length));
  }
  if (pieces.size === 0) return text;
  const { letters, places } = lettersOf(text, characters);
  const isPiece = (at: number): boolean => pieces.has(letters.slice(at, at + length));
  let masked = '';
  let shownTo = 0;
  for (let at = 0; at + length <= letters.length; at += 1) {
    if (!isPiece(at)) continue;
    masked += `${text.slice(shownTo, places[at])}…`;
    while (isPiece(at + 1)) at += 1;
    at += length - 1;
    shownTo = (places[at] as number) + 1;
  }
  return masked + text.slice(shownTo);
}

/** The characters of a kind in a text, ASCII in lower case, and where in the text each of them is. */
function lettersOf(
  text: string,
  kind: RegExp,
): { readonly letters: string; readonly places: readonly number[] } {
  const places = Array.from(text.matchAll(kind), ({ index }) => index);
  const letters = places.map((place) => text[place]).join('');
  return { letters: letters.replace(/[A-Z]+/g, (upper) => upper.toLowerCase()), places };
}

/** Data with only the secrets masked: a file may be called `sk-summer-holiday-2024.mp4`. */
export function maskSecrets(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) {
    // A function, because `$&` in a replacement text would insert the secret.
    if (secret.length >= 4) clean = clean.replaceAll(secret, () => maskKey(secret));
  }
  return clean;
}

/** A key to show: its prefix and last four characters, `sk-mavi-…wxyz`; of a short key, only the prefix. */
export function maskKey(key: string): string {
  const prefix = prefixOf(key);
  return key.length - prefix.length >= LEAST_HIDDEN ? `${prefix}…${key.slice(-4)}` : `${prefix}…`;
}

function prefixOf(key: string): string {
  return /^sk-(?:mavi-|mai-)?/.exec(key)?.[0] ?? '';
}

/** JSON on one line, with characters that are unsafe on a terminal written as \uXXXX. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
