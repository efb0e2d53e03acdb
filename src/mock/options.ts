import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { StoredVideo, VideoLibrary } from './library.ts';

/** How the mock is to behave; all of it optional, and without any it answers as documented. */
export interface MockOptions {
  /** Default 0: any free port. Always on 127.0.0.1. */
  readonly port?: number;
  /** The only host name that it answers to, for a client behind a proxy; default: loopback names with its port. */
  readonly host?: string;
  /** PEM texts; with them the mock speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default `MOCK_KEY`. */
  readonly key?: string;
  /** Default: the samples. */
  readonly videos?: VideoLibrary | readonly StoredVideo[];
  /** What `GET /folders` answers: names by id. Default: the default folder alone. */
  readonly folders?: Readonly<Record<string, string>>;
  /** A fault text for every video, or texts by `video_no`, where `*` stands for all others. Downloads only. */
  readonly faults?: string | Readonly<Record<string, string>>;
  /** A fault text for the listing routes, each counting for itself. */
  readonly listFaults?: string;
  /** At most `starts` downloads in any `windowMs`, the whole account together. Default: no limit. */
  readonly accountLimit?: { readonly starts: number; readonly windowMs: number };
  /** Slows each body down. Default: as fast as the client reads. */
  readonly bytesPerSecond?: number;
  /** The largest piece of a body written at once. Default 64 KiB. */
  readonly chunkBytes?: number;
  /** Listings give `"31"` for 31, as the real API sometimes does. */
  readonly numbersAsStrings?: boolean;
  /** The most rows of a page, whatever was asked for. Default 200. */
  readonly pageSizeCap?: number;
  /** `list_unique_ids` is unknown: by code 0001 "No static resource", or by a real 404. */
  readonly withoutScopesRoute?: 'envelope' | 'spring-404';
  /** Say how long a video is. Default false: chunked and without a length, as the real API. */
  readonly contentLength?: boolean;
  /** Offer and answer byte ranges. Default false. */
  readonly offerRanges?: boolean;
  /**
   * Called when a request has come in whole; the answer waits for it. Returns `answered` where it has answered, or
   * goes on to answer, in a way of its own.
   */
  readonly onRequest?: (request: RecordedRequest, response: ServerResponse) => unknown;
  /** The clock of the account's limit and of dates sent. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** A request as the mock saw it, and what became of it. */
export interface RecordedRequest {
  /** From 1, in order of arrival. */
  readonly order: number;
  /** Which of the listeners it came to, such as `http://127.0.0.1:4000`. */
  readonly origin: string;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
  /** Empty until it has come in whole. */
  readonly body: string;
  /** `undefined` where the body is no JSON. */
  readonly json: unknown;
  readonly startedAtMs: number;
  /** Bytes of the answer's body handed to the socket so far, without the marks of chunking. */
  readonly bytesSent: number;
  /** Whether the response has ended or its connection is gone. */
  readonly isOver: boolean;
  /** The fault that was applied, as in the fault text, such as `drop@1000x3`. */
  readonly fault: string | undefined;
}

/** A running mock. */
export interface Mock {
  /** Ends in `/serve/api/v1`. */
  readonly baseUrl: string;
  readonly key: string;
  /** All requests so far, those to the other origins of redirects too. Grows as they come. */
  readonly requests: readonly RecordedRequest[];
  /** The most downloads that were under way at once. */
  readonly maxConcurrentDownloads: number;
  /** Breaks all connections and stops listening. May be called twice. */
  close(): Promise<void>;
}

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
