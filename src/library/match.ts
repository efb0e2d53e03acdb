/** Matches names of videos against patterns of `--match`. Pure. */

/** A name as the least discerning reader, and file system, tells it from others: without case and Unicode form. */
export function folded(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFC');
}

/**
 * A test whether a name matches any of the patterns, or whatever the name is where there are none. A pattern
 * without wildcards matches a part of the name. With `*` (any characters) or `?` (one) it matches the whole of it.
 */
export function nameMatcher(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => true;
  const tests = patterns.map((pattern) => {
    if (!/[*?]/.test(pattern)) {
      const part = folded(pattern);
      return (name: string) => name.includes(part);
    }
    // Wildcards first: folding could make one out of a character that only looks like it.
    const parts = pattern.split(/([*?])/).flatMap((part, index): readonly Part[] => {
      return index % 2 === 1 ? [part === '*' ? ANY : ONE] : Array.from(folded(part));
    });
    return (name: string) => matches(parts, Array.from(name));
  });
  return (name) => {
    const plain = folded(name);
    return tests.some((test) => test(plain));
  };
}

const ANY = Symbol('*');
const ONE = Symbol('?');

type Part = string | typeof ANY | typeof ONE;

/** Goes back to the last `*` alone, so that no pattern takes more than pattern times name steps. */
function matches(pattern: readonly Part[], name: readonly string[]): boolean {
  let [at, from] = [0, 0];
  let star = -1;
  for (let index = 0; index < name.length; ) {
    const part = pattern[at];
    if (part === ANY) {
      star = at;
      from = index;
      at += 1;
    } else if (part === ONE || part === name[index]) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      from += 1;
      index = from;
    } else return false;
  }
  return pattern.slice(at).every((part) => part === ANY);
}
