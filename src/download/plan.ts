/** What a download is asked to do: checked values, no flags. */
import type { Container } from '../isobmff/signature.ts';
import type { CheckRules } from './check.ts';

/** What to do with a file that has the target's name already. */
export type WhenExists = 'refuse' | 'force' | 'skip';

/** Where a video goes. */
export type Destination =
  | { readonly kind: 'stdout' }
  /** A file: `nameFor` gives its path for each container that it may turn out to be. */
  | {
      readonly kind: 'file';
      readonly containers: readonly Container[];
      readonly nameFor: (container: Container) => string;
    };

/** One video to download. */
export interface VideoTask {
  readonly videoNo: string;
  readonly destination: Destination;
  readonly whenExists: WhenExists;
  /** What to do about a file that is in the way, for the error. */
  readonly existsHint: string;
  /** What to do about one that was to be kept and is no whole video. */
  readonly notWholeHint: string;
  /** Its size in bytes by the listing; null if nobody looked. */
  readonly listedSize: number | null;
}

/** What holds for all videos of a run. */
export interface DownloadRules extends CheckRules {
  /** Whether to compute SHA-256 on the way. */
  readonly checksum: boolean;
}
