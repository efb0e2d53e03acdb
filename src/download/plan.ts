/** What a download is asked to do: checked values, no flags. */
import { UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import type { Template } from '../library/names.ts';
import type { LibraryQuery } from '../library/query.ts';
import { isVideoNo, type LibraryRow } from '../library/row.ts';
import type { ProgressMode } from '../progress/events.ts';
import type { ListedFacts } from '../record.ts';
import { redactKeys } from '../sanitize.ts';
import type { SettingTexts } from '../settings/settings.ts';
import type { CheckRules } from './sniff.ts';

/** Dollars for a gigabyte (10^9 bytes) of downloads, by the vendor's price list. */
export const DOLLARS_PER_GB = 0.12;

/** A limit on the bytes that a run receives. */
export interface TransferLimit {
  readonly bytes: number;
  /** What set it, for messages: `--max-transfer`, or `--max-cost $5`. */
  readonly flag: string;
}

/** How each video of a run is checked. */
export interface DownloadRules extends CheckRules {
  /** Whether to compute the SHA-256 while downloading. */
  readonly checksum: boolean;
}

/** What to do with an existing file. */
export type WhenExists = 'refuse' | 'force' | 'skip';

/** What `mavi download` and `mavi sync` have in common. */
export interface RunPlan {
  readonly progress: ProgressMode;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether a JSON record of each video is printed. */
  readonly json: boolean;
  readonly rules: DownloadRules;
  readonly maxTransfer: TransferLimit | null;
  /** Whether videos that the manifest records are left out, even if their files are gone. */
  readonly skipRecorded: boolean;
  /** Whether files get the time at which their videos were taken or created. */
  readonly mtime: boolean;
  readonly dryRun: boolean;
  readonly settings: SettingTexts;
}

/** What `mavi download` was asked to do. */
export interface DownloadPlan extends RunPlan {
  /** Checked; may hold duplicates. */
  readonly videoNos: readonly string[];
  readonly batchFile: string | null;
  /** Selects videos of the library; null for IDs. */
  readonly query: LibraryQuery | null;
  /** `-` is standard output; null is a name of its own for each video. */
  readonly output: string | null;
  readonly outputDir: string;
  readonly whenExists: WhenExists;
  readonly lookup: boolean;
  readonly manifest: string | null;
  /** Names files; null for `<video_no>`. */
  readonly template: Template | null;
}

/** Where a video goes: `nameFor` gives its path for each container that it may turn out to be. */
type Destination =
  | { readonly kind: 'stdout' }
  | {
      readonly kind: 'file';
      readonly containers: readonly Container[];
      /** Whether a symbolic link in its place is followed: the user named the file itself. */
      readonly followsLinks: boolean;
      readonly nameFor: (container: Container) => string;
      /** The folder below which missing subfolders are created; none of them may be a link. */
      readonly root?: string;
    };

/** One video to download. */
export interface VideoTask {
  readonly videoNo: string;
  readonly destination: Destination;
  readonly whenExists: WhenExists;
  /** The hint where another file has the name. */
  readonly existsHint: string;
  /** The hint where a file that was to be kept is not a complete video. */
  readonly incompleteHint: string;
  /** Bytes, by the listing; null if not looked up. */
  readonly listedSize: number | null;
  /** Its scope; that of the settings if absent. */
  readonly uniqueId?: string;
  readonly listed?: ListedFacts;
  /** The modification time of its file, in milliseconds since the epoch; unchanged if absent. */
  readonly mtimeMs?: number | null;
  /** The recorded size of a file that has changed since: it fails as `changed`, not as `exists`. */
  readonly changedFrom?: number;
}

/** The part of a task that a row of the library gives; with `mtime` also the time of its file. */
export function listedTask({ videoNo, uniqueId, listedSize, listed }: LibraryRow, mtime: boolean) {
  const mtimeMs = mtime ? (listed.datetime_taken ?? listed.create_time ?? null) : null;
  return { videoNo, uniqueId, listedSize, listed, mtimeMs };
}

/** The containers that a video may turn out to have, under these rules. */
export function containersOf({ container }: CheckRules): readonly Container[] {
  return container === 'any' ? (Object.keys(EXTENSIONS) as Container[]) : ['mp4'];
}

/** Where the video of that ID or name goes. */
export function destinationOf(
  { output, outputDir, rules, template }: DownloadPlan,
  stem: string,
): Destination {
  if (output === '-') return { kind: 'stdout' };
  const kind = 'file';
  if (output !== null) return { kind, containers: ['mp4'], followsLinks: true, nameFor: () => output };
  const nameFor = (container: Container): string => pathFrom(outputDir, stem + EXTENSIONS[container]);
  const root = template === null ? {} : { root: outputDir };
  return { kind, containers: containersOf(rules), followsLinks: false, nameFor, ...root };
}

/** White space and quotation marks, which copying brings along. */
const AROUND = /^[\s'"`\p{Pi}\p{Pf}]+|[\s'"`\p{Pi}\p{Pf}]+$/gu;

/** The API's own IDs, to suggest one that is part of a URL, a file name or a list. */
const LIKELY = /VI\d{6,}|PI-[A-Za-z0-9_-]{6,}/g;

const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;

/** Reads a video_no. Throws UsageError, so that no ID names another path; `where` follows the text in its message. */
export function readVideoNo(text: string, where: string): string {
  const videoNo = text.replace(AROUND, '');
  if (isVideoNo(videoNo)) return videoNo;
  // A key that was given by mistake is masked before the cut, because half a key is a leak too.
  const shown = `'${redactKeys(videoNo).slice(0, 80)}'${where}`;
  const visible = videoNo.replace(INVISIBLE, '');
  if (isVideoNo(visible)) {
    const code = videoNo.match(INVISIBLE)?.[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    const text = `${shown} contains an invisible character (U+${code})`;
    throw new UsageError(text, { hint: `did you mean ${visible}?` });
  }
  const likely = [...new Set(redactKeys(videoNo).match(LIKELY))].filter(isVideoNo).slice(0, 3);
  const hint = likely.length === 0 ? 'list your videos with: mavi list' : `did you mean ${likely.join(' ')}?`;
  throw new UsageError(`${shown} is not a video ID (example: VI625239098370850816)`, { hint });
}
