/** Makes foreign text (from the server, an argument, a file name) safe to show, without secrets. Pure. */

/** Control characters, line and paragraph separators, zero-width and bidirectional controls. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Anything that looks like a key of the API, but not the end of a word such as `desk-` or `task-`. */
const KEY_SHAPE = /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}/g;

/** How much of a server's text is shown, in characters. */
export const SHOWN_CHARACTERS = 300;

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
  const clean = redactKeys(printable(text), secrets);
  const characters = Array.from(clean);
  return characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : clean;
}

/** Text for people, with the secrets and everything that looks like a key masked. */
export function redactKeys(text: string, secrets: Iterable<string> = []): string {
  const known = [...secrets];
  // The last four characters of a truncated key are characters from within it.
  const mask = (shape: string): string =>
    maskKey(known.some((secret) => secret.includes(shape)) ? shape.slice(0, 'sk-mavi-'.length) : shape);
  return maskSecrets(text, known).replace(KEY_SHAPE, mask);
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
  const prefix = /^sk-(?:mavi-|mai-)?/.exec(key)?.[0] ?? '';
  const hidden = key.length - prefix.length;
  return hidden >= 12 ? `${prefix}…${key.slice(-4)}` : `${prefix}…`;
}

/** JSON on one line, with characters that are unsafe on a terminal written as \uXXXX. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
