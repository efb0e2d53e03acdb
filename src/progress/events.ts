/** The events of a run, and what displays them. */
import type { Host } from '../host.ts';
import type { VideoRecord } from '../record.ts';

/** How far one transfer is. */
export interface TransferState {
  readonly receivedBytes: number;
  /** The size of the complete file, by Content-Length, the listing or the boxes; null if unknown. */
  readonly totalBytes: number | null;
  /** Whether the file may become longer than `totalBytes`, so that 100 % is not shown before the end. */
  readonly mayGrow: boolean;
  /** The received share of the playing time, from 0 to 1, if only the duration is known. */
  readonly timeShare?: number | null;
}

type VideoEvent<Kind extends string, Facts = object> = Readonly<{ kind: Kind; videoNo: string } & Facts>;

/** One event of one video. Times are in milliseconds since the epoch. */
export type ProgressEvent =
  /** The video is next. `file` is null for standard output; `name` is its name in the library. */
  | VideoEvent<'begun', { file: string | null; name?: string | undefined }>
  /** It waits for the rate limit. */
  | VideoEvent<'waiting', { untilMs: number }>
  | VideoEvent<'requesting'>
  | VideoEvent<'receiving', TransferState>
  /** It failed and will be retried; attempts count from 1. `how` says whether it resumes or starts over. */
  | VideoEvent<'retrying', { why: string; untilMs: number; attempt: number; how: string }>
  /** All bytes are received and are being flushed to disk. */
  | VideoEvent<'finishing'>
  | { readonly kind: 'warning'; readonly videoNo: string | null; readonly text: string }
  /** It is finished, successfully or not. `showsChecksum` if the user asked for the SHA-256. */
  | VideoEvent<'over', { record: VideoRecord; verified: string; showsChecksum?: boolean }>;

/** Takes events as they happen. */
export type Report = (event: ProgressEvent) => void;

/** How progress is shown. */
export type ProgressMode = 'auto' | 'bar' | 'plain' | 'none';

/** Displays a run. `close` removes the bars from the screen; call it before the command ends. */
export type Renderer = Readonly<{ report: Report; close: () => void }>;

/** What a renderer needs to know about the run. */
export interface RendererOptions {
  readonly host: Host;
  readonly mode: ProgressMode;
  readonly quiet: boolean;
  readonly videos: number;
  /** Bytes of all videos together; null unless all sizes are known. */
  readonly totalBytes: number | null;
  /** Whether other output goes to the same terminal, where it would collide with bars. */
  readonly sharesTerminal: boolean;
  /** Milliseconds until the rate limit allows the n-th further start, from 1; absent without a limit. */
  readonly startDelayMs?: ((n: number) => number) | undefined;
}
