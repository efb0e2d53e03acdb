/** What can be a `video_no`: it is opaque, but it can never name a path. Pure. */
import { UsageError } from '../errors.ts';
import { isVideoNo } from '../library/row.ts';
import { redactKeys } from '../sanitize.ts';

/** Throws UsageError unless the text can be a video_no: nothing that could name a path. */
export function checkVideoNo(text: string, where: string): string {
  if (!isVideoNo(text)) {
    throw new UsageError(
      // A key that was given by mistake goes before the cut, for half a key is a leak too.
      `'${redactKeys(text).slice(0, 80)}'${where} is no video_no: it takes 1 to 64 of A-Z a-z 0-9 _ -`,
      {
        hint: 'list what there is with: mavi list',
      },
    );
  }
  return text;
}
