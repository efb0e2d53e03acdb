/** How many columns a text takes on a terminal. */
import stringWidth from 'string-width';

/** ASCII and the signs of our own words, each one column wide: nearly all that is ever measured. */
const NARROW = /^[\x20-\x7e·…–—✓✗!]*$/;

/** The columns of a text; wide characters count as two. Measuring any other text loads the tables of ICU. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}
