/** What can be told of a run while it goes on: data, before it is pixels. */
import type { Host } from '../host.ts';
import type { VideoRecord } from '../record.ts';

/** How far one transfer is. */
export interface TransferState {
  readonly receivedBytes: number;
  /** The size of the whole, if anybody or the boxes have told; null if not. */
  readonly totalBytes: number | null;
  /** Whether the file may turn out longer than `totalBytes`, so that 100 % is not reached before the end. */
  readonly mayGrow: boolean;
}

/** One event of one video. */
export type ProgressEvent =
  /** The video is next. `file` is the name shown; null for standard output. */
  | { readonly kind: 'begun'; readonly videoNo: string; readonly file: string | null }
  /** It waits for the pace, until a time in milliseconds since the epoch. */
  | { readonly kind: 'waiting'; readonly videoNo: string; readonly untilMs: number }
  /** A request goes out: the `attempt`-th, from 1. */
  | { readonly kind: 'requesting'; readonly videoNo: string; readonly attempt: number }
  | ({ readonly kind: 'receiving'; readonly videoNo: string } & TransferState)
  /** It failed and is tried again at a time in milliseconds since the epoch; `how` says what of it is fetched. */
  | {
      readonly kind: 'retrying';
      readonly videoNo: string;
      readonly why: string;
      readonly untilMs: number;
      readonly attempt: number;
      readonly how: string;
    }
  /** All bytes have come; they are flushed to the disk. */
  | { readonly kind: 'finishing'; readonly videoNo: string }
  | { readonly kind: 'warning'; readonly videoNo: string | null; readonly text: string }
  /** It is over, well or not. */
  | {
      readonly kind: 'over';
      readonly videoNo: string;
      readonly record: VideoRecord;
      readonly verified: string;
    };

/** Takes events as they happen. */
export type Report = (event: ProgressEvent) => void;

/** How progress is shown. */
export type ProgressMode = 'auto' | 'bar' | 'plain' | 'none';

/** What shows a run. */
export interface Renderer {
  readonly report: Report;
  /** Takes down what is on the screen for the moment; to be called before the command ends. */
  close(): void;
}

/** What a renderer has to know of the run. */
export interface RendererOptions {
  readonly host: Host;
  readonly mode: ProgressMode;
  readonly quiet: boolean;
  /** How many videos there are. */
  readonly videos: number;
  /** Bytes of all videos together; null where not all sizes are known. */
  readonly totalBytes: number | null;
  /** Whether other lines go to the same terminal meanwhile, which bars would run into. */
  readonly sharesTerminal: boolean;
}
