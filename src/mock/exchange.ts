import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RecordedRequest } from './options.ts';

/** How bodies leave the mock. */
export interface Delivery {
  readonly chunkBytes: number;
  readonly bytesPerSecond: number | undefined;
  readonly contentLength: boolean;
}

/** One request being answered: all that an answer, good or bad, needs to know. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: { -readonly [Name in keyof RecordedRequest]: RecordedRequest[Name] };
  readonly delivery: Delivery;
  readonly offerRanges: boolean;
  readonly nowMs: () => number;
  /** The path under which every listener gives this request's good answer, without fault. */
  readonly cleanPath: string;
  /** The origin of a second listener that asks for no key; opens it at first use. */
  readonly elsewhere: (scheme: 'same' | 'plain') => Promise<string>;
  /** Says that the answer is over. Called before its last bytes go out, so that no client is ahead of the count. */
  readonly settle: () => void;
  /** Breaks the connection with a reset instead of an orderly end. */
  readonly reset: () => void;
}
