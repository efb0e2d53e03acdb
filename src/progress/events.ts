/** The events of a run, and what displays them. */
import type { Host } from '../host.ts';
import type { VideoRecord } from '../record.ts';

/** How far one transfer is. */
export interface TransferState {
  readonly receivedBytes: number;
  /** The size of the complete file, by Content-Length, the listing or the boxes; null if unknown. */
  readonly totalBytes: number | null;
  /** Whether the file may turn out longer than `totalBytes`, so that 100 % is not shown before the end. */
  readonly mayGrow: boolean;
  /** How much of the video's playing time has come, from 0 to 1, where only its duration is known. */
  readonly timeShare?: number | null;
}

/** One event of one video. */
export type ProgressEvent =
  /** The video is next. `file` is its file, null for standard output; `name` is its name in the library. */
  | {
      readonly kind: 'begun';
      readonly videoNo: string;
      readonly file: string | null;
      readonly name?: string | undefined;
    }
  /** It waits for the rate limit, until a time in milliseconds since the epoch. */
  | { readonly kind: 'waiting'; readonly videoNo: string; readonly untilMs: number }
  /** A request is sent; attempts count from 1. */
  | { readonly kind: 'requesting'; readonly videoNo: string; readonly attempt: number }
  | ({ readonly kind: 'receiving'; readonly videoNo: string } & TransferState)
  /** It failed and is retried at a time in milliseconds since the epoch; `how` says whether it resumes or starts over. */
  | {
      readonly kind: 'retrying';
      readonly videoNo: string;
      readonly why: string;
      readonly untilMs: number;
      readonly attempt: number;
      readonly how: string;
    }
  /** All bytes have come and are being flushed to disk. */
  | { readonly kind: 'finishing'; readonly videoNo: string }
  | { readonly kind: 'warning'; readonly videoNo: string | null; readonly text: string }
  /** It is finished, successfully or not. */
  | {
      readonly kind: 'over';
      readonly videoNo: string;
      readonly record: VideoRecord;
      readonly verified: string;
      /** Whether its SHA-256 is shown: the user asked for it. */
      readonly showsChecksum?: boolean;
    };

/** Takes events as they happen. */
export type Report = (event: ProgressEvent) => void;

/** How progress is shown. */
export type ProgressMode = 'auto' | 'bar' | 'plain' | 'none';

/** Displays a run. */
export interface Renderer {
  readonly report: Report;
  /** Removes the bars from the screen; call it before the command ends. */
  close(): void;
}

/** What a renderer needs to know about the run. */
export interface RendererOptions {
  readonly host: Host;
  readonly mode: ProgressMode;
  readonly quiet: boolean;
  /** Number of videos. */
  readonly videos: number;
  /** Bytes of all videos together; null unless all sizes are known. */
  readonly totalBytes: number | null;
  /** Whether other output goes to the same terminal meanwhile, where it would collide with bars. */
  readonly sharesTerminal: boolean;
  /** Milliseconds until the rate limit allows the n-th further start, from 1; absent without a limit. */
  readonly startDelayMs?: ((n: number) => number) | undefined;
}
