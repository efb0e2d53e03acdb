/** The one line that sums up many videos. Pure. */
import { bytesText, durationText } from '../progress/text.ts';
import type { VideoRecord } from '../record.ts';

/** Codes of videos that were never asked for. */
const NOT_STARTED = new Set(['not_started', 'max_transfer']);

/** `mavi: 30 videos: 20 downloaded, 8 kept, 2 failed; 1.2 GiB received in 2 min 31 s`. */
export function summaryText(records: readonly VideoRecord[], elapsedMs: number): string {
  const outcomes = records.map((each) =>
    NOT_STARTED.has(each.error?.code ?? '') ? 'not started' : each.status,
  );
  const count = (outcome: string): number => outcomes.filter((each) => each === outcome).length;
  const counts = [
    [count('downloaded'), 'downloaded'],
    [count('skipped'), 'kept'],
    [count('failed'), 'failed'],
    [count('not started'), 'not started'],
  ] as const;
  const said = counts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  if (records.length === 0) return 'mavi: nothing to download';
  const received = records.reduce((sum, each) => sum + each.bytes_received, 0);
  return `mavi: ${records.length} ${records.length === 1 ? 'video' : 'videos'}: ${said.join(', ')}; ${bytesText(received)} received in ${durationText(elapsedMs)}`;
}
