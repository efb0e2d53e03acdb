import stringWidth from 'string-width';

const CURSOR_OFF = '\u001b[?25l';
const CURSOR_ON = '\u001b[?25h';

/** Whether a terminal that got this output shows its cursor in the end. */
export function showsCursor(output: string): boolean {
  return output.lastIndexOf(CURSOR_ON) >= output.lastIndexOf(CURSOR_OFF);
}

/** Whether the cursor was hidden at all. */
export function hidCursor(output: string): boolean {
  return output.includes(CURSOR_OFF);
}

/** Whether colours, or any other form of letters, were asked for. */
export function hasColours(output: string): boolean {
  return /\u001b\[[\d;]*m/.test(output);
}

/** The width of the widest piece of text that was written without moving the cursor, in columns. */
export function widestText(output: string): number {
  const pieces = output.replace(/\u001b\[[\d;]*m/g, '').split(/[\r\n]+|\u001b\[[?\d;]*[A-Za-z]/);
  return Math.max(...pieces.map((piece) => stringWidth(piece)));
}
