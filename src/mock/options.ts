/** The types of the mock: its options, what it records, and one request with its response. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { StoredVideo, VideoLibrary } from './library.ts';

/** How the mock behaves. Without any option, it responds as documented, to the key `MOCK_KEY`. */
export interface MockOptions {
  /** Default 0: any free port. Always on 127.0.0.1. */
  readonly port?: number;
  /** The only host name that it accepts, for a client behind a proxy. Default: loopback names with its port. */
  readonly host?: string;
  /** PEM texts; with them the mock speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly key?: string;
  /** Default: the samples. */
  readonly videos?: VideoLibrary | readonly StoredVideo[];
  /** Faults of downloads: a fault text for every video, or texts by `video_no`, with `*` for all others. */
  readonly faults?: string | Readonly<Record<string, string>> | undefined;
  /** A fault text for the listing routes; each route counts its own requests. */
  readonly listFaults?: string;
  /** At most `starts` downloads in any `windowMs`, for the account as a whole. Default: no limit. */
  readonly accountLimit?: { readonly starts: number; readonly windowMs: number } | null;
  /** Limits the speed of each body. Default: as fast as the client reads. */
  readonly bytesPerSecond?: number | undefined;
  /** The largest piece of a body written at once. Default 64 KiB. */
  readonly chunkBytes?: number;
  /** Listings give `"31"` for 31, as the real API sometimes does. */
  readonly numbersAsStrings?: boolean;
  /** The most rows of a page, whatever the request asks for. Default 200. */
  readonly pageSizeCap?: number;
  /** Sends a Content-Length. Default false: chunked, as the real API. */
  readonly contentLength?: boolean;
  readonly offerRanges?: boolean;
  /** Called with each complete request; the response waits for it. Returns `answered` if it responds itself. */
  readonly onRequest?: (request: RecordedRequest, response: ServerResponse) => unknown;
  /** The clock of the account's limit and of dates in responses. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** A request as the mock received it, and what became of it. */
export interface RecordedRequest {
  /** From 1, in order of arrival. */
  readonly order: number;
  /** The listener that received it, such as `http://127.0.0.1:4000`. */
  readonly origin: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Alternating names and values, as sent. */
  readonly rawHeaders: readonly string[];
  /** Empty until the request is complete. */
  readonly body: string;
  /** `undefined` if the body is not JSON. */
  readonly json: unknown;
  readonly startedAtMs: number;
  /** Bytes of the response's body passed to the socket so far, without chunk headers. */
  readonly bytesSent: number;
  /** Whether the response has ended or its connection is closed. */
  readonly isOver: boolean;
  /** The fault that was applied, as in the fault text, such as `drop@1000x3`. */
  readonly fault: string | undefined;
}

/** A running mock. */
export interface Mock {
  /** Ends in `/serve/api/v1`. */
  readonly baseUrl: string;
  readonly key: string;
  /** All requests so far, including those to the other origins of redirects. */
  readonly requests: readonly RecordedRequest[];
  /** Closes all connections and stops listening. May be called twice. */
  close(): Promise<void>;
}

/** One request and the response under way. */
export interface Exchange
  extends Required<Pick<MockOptions, 'chunkBytes' | 'contentLength' | 'offerRanges' | 'nowMs'>>,
    Pick<MockOptions, 'bytesPerSecond'> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: { -readonly [Name in keyof RecordedRequest]: RecordedRequest[Name] };
  /** The path at which every listener responds to this request without a fault. */
  readonly cleanPath: string;
  /** The origin of a second listener that needs no key; opened at first use. */
  readonly elsewhere: (scheme: 'same' | 'plain') => Promise<string>;
  /** Resets the connection instead of closing it. */
  readonly reset: () => void;
}
