import { type IncomingHttpHeaders, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { onTestFinished } from 'vitest';
import type { Mock, MockOptions } from '../../src/mock/options.ts';
import { startMock } from '../../src/mock/server.ts';
import { SAMPLE_VIDEO_NOS } from './sample-files.ts';

/** What a client received, whether or not the response was complete. */
export interface Reply {
  /** 0 without a response head. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The error code of a broken transfer; `undefined` if it ended cleanly. */
  readonly broken: string | undefined;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is; undefined for no body. */
  readonly body?: string | undefined;
  /** Called after each piece with the number of bytes received so far. */
  readonly onBytes?: (receivedBytes: number) => void;
  /** Aborts the request. */
  readonly signal?: AbortSignal;
}

/** A mock that is closed at the end of the test. */
export async function started(options: MockOptions = {}): Promise<Mock> {
  const mock = await startMock(options);
  onTestFinished(() => mock.close());
  return mock;
}

/** One request on a connection of its own. Redirects are not followed, certificates not checked. */
export function call(
  url: string,
  { method = 'POST', headers = {}, body, onBytes, signal }: Call,
): Promise<Reply> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let status = 0;
    let replyHeaders: IncomingHttpHeaders = {};
    let receivedBytes = 0;
    const finish = (broken?: string) =>
      resolve({ status, headers: replyHeaders, body: Buffer.concat(pieces), broken });

    const options: RequestOptions = { method, headers, agent: false, ...(signal && { signal }) };
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, rejectUnauthorized: false })
      : requestHttp(url, options);
    request.on('error', (error: NodeJS.ErrnoException) => finish(error.code));
    request.on('response', (response) => {
      status = response.statusCode ?? 0;
      replyHeaders = response.headers;
      response.on('data', (piece: Buffer) => {
        pieces.push(piece);
        receivedBytes += piece.length;
        onBytes?.(receivedBytes);
      });
      response.on('end', () => finish());
      response.on('error', (error: NodeJS.ErrnoException) => finish(error.code));
    });
    request.end(body);
  });
}

/** Posts JSON to a route of the API, with the key. */
export function post(mock: Mock, route: string, json: unknown, more: Call = {}): Promise<Reply> {
  return call(`${mock.baseUrl}/${route}`, {
    ...more,
    headers: { Authorization: mock.key, 'Content-Type': 'application/json', ...more.headers },
    body: JSON.stringify(json),
  });
}

/** Downloads a video, by default the sample whose `moov` comes first. */
export function download(
  mock: Mock,
  videoNo: string = SAMPLE_VIDEO_NOS.faststart,
  more: Call = {},
): Promise<Reply> {
  return post(mock, 'download', { video_no: videoNo, unique_id: 'default' }, more);
}

/** The JSON of a reply. */
export function jsonOf(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.body.toString());
}
