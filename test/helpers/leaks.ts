/** How many consecutive characters of a key are a leak and not a coincidence. */
const PART_LENGTH = 8;

/** The part of a key that an output contains, or null. The prefix and the last four characters are allowed. */
export function leakedPart(key: string, output: string | Buffer): string | null {
  const from = 'sk-mavi-'.length;
  for (let at = from; at + PART_LENGTH <= key.length - 4; at += 1) {
    const part = key.slice(at, at + PART_LENGTH);
    if (output.includes(part)) return part;
  }
  return null;
}

/** The first character in a text that could act on a terminal; null if there is none. */
export function controlCharacter(text: string): string | null {
  const found = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/.exec(
    text,
  );
  return found === null ? null : `U+${(found[0].codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

/** Whether a text has lines of a stack trace. */
export function hasStackTrace(text: string): boolean {
  return /^\s*at .+:\d+:\d+\)?$/m.test(text);
}
