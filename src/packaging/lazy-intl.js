/**
 * Stand for Intl's classes in the bundle, and make the real ones when they are first used: dependencies make some at
 * import, for words that are rarely said, and the first one loads the tables of ICU, which takes longer than all else.
 */
export class LazyListFormat {
  #args;
  #made;

  constructor(...args) {
    this.#args = args;
  }

  format(list) {
    this.#made ??= new globalThis.Intl.ListFormat(...this.#args);
    return this.#made.format(list);
  }
}

/** See above. */
export class LazySegmenter {
  #args;
  #made;

  constructor(...args) {
    this.#args = args;
  }

  segment(text) {
    this.#made ??= new globalThis.Intl.Segmenter(...this.#args);
    return this.#made.segment(text);
  }
}
