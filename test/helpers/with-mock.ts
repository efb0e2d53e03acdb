import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { type Mock, type MockOptions, type RecordedRequest, startMock } from '../../src/mock/server.ts';

/** A mock on a free port, closed at the end of the test. */
export async function withMock(options: MockOptions = {}): Promise<Mock> {
  const mock = await startMock(options);
  onTestFinished(() => mock.close());
  return mock;
}

/** The environment that makes mavi use a mock, without a rate limit. */
export function envFor(mock: Mock): Record<string, string> {
  return { MAVI_BASE_URL: mock.baseUrl, MAVI_API_KEY: mock.key, MAVI_RATE: '0' };
}

/** How the real API responds to a route that it does not have; each belongs in the mock's options as `onRequest`. */
export const WITHOUT_SCOPES_ROUTE = {
  envelope: scopesResponder(200, { code: '0001', msg: 'No static resource serve/api/v1/list_unique_ids.' }),
  'spring-404': scopesResponder(404, { status: 404, error: 'Not Found', requestId: 'a-1' }),
};

function scopesResponder(status: number, json: unknown): NonNullable<MockOptions['onRequest']> {
  return ({ url }, response) => {
    if (!url.endsWith('/list_unique_ids')) return undefined;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(json));
    return 'answered';
  };
}

/** The downloads that the mock received. */
export function downloadsOf(mock: Mock): Mock['requests'] {
  return mock.requests.filter((request) => request.url.endsWith('/download'));
}

/** Counts how many downloads a mock responds to at the same time; `onRequest` belongs in the mock's options. */
export class DownloadCounter {
  /** The most so far. */
  most = 0;
  #underWay = 0;

  readonly onRequest = ({ url }: RecordedRequest, response: ServerResponse): void => {
    if (!url.endsWith('/download')) return;
    this.#underWay += 1;
    this.most = Math.max(this.most, this.#underWay);
    // In the same turn in which the last bytes are written, so that no client is ahead of the count.
    response.once('prefinish', () => {
      this.#underWay -= 1;
    });
  };
}
