/**
 * A limit on starts in a sliding window, for one account with all its connections.
 * @returns a function that takes the time and says whether one more start is allowed; a refused one does not count
 */
export function accountLimit(starts: number, windowMs: number): (nowMs: number) => boolean {
  let startedAtMs: number[] = [];
  return (nowMs) => {
    startedAtMs = startedAtMs.filter((atMs) => nowMs - atMs < windowMs);
    if (startedAtMs.length >= starts) return false;
    startedAtMs.push(nowMs);
    return true;
  };
}
