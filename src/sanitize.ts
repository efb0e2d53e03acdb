/** Makes text from elsewhere (the server, an argument, a file name) safe to show on a terminal, without secrets. */

/** C0 and C1 controls, DEL, line and paragraph separators, zero-width and bidirectional controls. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Anything shaped like a key of the API, but not the end of a word such as `desk-`, `task-` or `risk-`. */
const KEY_SHAPE = /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}/g;

/** How much of a server's text is shown, in characters: enough for a sentence, not enough to flood a log. */
export const SHOWN_CHARACTERS = 300;

/** The text on one line, without control or bidirectional characters. */
export function printable(text: string): string {
  return text
    .replace(/[\t\r\n]+/g, ' ')
    .replace(UNSAFE, '')
    .trim();
}

/**
 * A server's text to show: printable, without anything that looks like a key, and cut.
 * Keys are masked before the cut, since half a key is a leak too.
 */
export function serverText(text: string, secrets: Iterable<string> = []): string {
  const clean = redactKeys(printable(text), secrets);
  const characters = Array.from(clean);
  return characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : clean;
}

/**
 * Text for people, with every secret in use and everything of a key's shape masked.
 * @param secrets values that must not appear, whatever their shape
 */
export function redactKeys(text: string, secrets: Iterable<string> = []): string {
  return maskSecrets(text, secrets).replace(KEY_SHAPE, maskKey);
}

/** Data with every secret in use masked and nothing else changed: a file may be called `sk-summer-holiday-2024.mp4`. */
export function maskSecrets(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) {
    // A function, since a replacement text could contain `$&`, which means the whole secret again.
    if (secret.length >= 4) clean = clean.replaceAll(secret, () => maskKey(secret));
  }
  return clean;
}

/**
 * A key to show: its prefix and its last four characters, `sk-mavi-…wxyz`. Of a key that these would mostly give
 * away, only the prefix.
 */
export function maskKey(key: string): string {
  const prefix = /^sk-(?:mavi-|mai-)?/.exec(key)?.[0] ?? '';
  const hidden = key.length - prefix.length;
  return hidden >= 12 ? `${prefix}…${key.slice(-4)}` : `${prefix}…`;
}

/** JSON on one line that is safe to show on a terminal: unsafe characters are written as \uXXXX. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
