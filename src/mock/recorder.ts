import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange.ts';
import type { RecordedRequest } from './options.ts';

/** What the mock has seen so far. */
export interface Recorder {
  readonly requests: readonly RecordedRequest[];
  readonly maxConcurrentDownloads: number;
  /** Notes a request that has begun to come in. */
  record(request: IncomingMessage, origin: string): Exchange['record'];
  /** Counts a download as under way until the returned function is called; calling it again does nothing. */
  countDownload(): () => void;
}

/** An empty record. */
export function createRecorder(nowMs: () => number): Recorder {
  const requests: RecordedRequest[] = [];
  let downloads = 0;
  let maxConcurrentDownloads = 0;
  return {
    requests,
    get maxConcurrentDownloads() {
      return maxConcurrentDownloads;
    },
    record(request, origin) {
      const record: Exchange['record'] = {
        order: requests.length + 1,
        origin,
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: '',
        json: undefined,
        startedAtMs: nowMs(),
        bytesSent: 0,
        fault: undefined,
      };
      requests.push(record);
      return record;
    },
    countDownload() {
      let underWay = true;
      downloads += 1;
      maxConcurrentDownloads = Math.max(maxConcurrentDownloads, downloads);
      return () => {
        if (underWay) downloads -= 1;
        underWay = false;
      };
    },
  };
}
