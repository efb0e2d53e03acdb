import { onTestFinished } from 'vitest';
import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts';

/** A mock on a free port, closed when the test is over. */
export async function withMock(options: MockOptions = {}): Promise<Mock> {
  const mock = await startMock(options);
  onTestFinished(() => mock.close());
  return mock;
}

/** The environment that sends mavi to a mock, without a limit on starts. */
export function envFor(mock: Mock): Record<string, string> {
  return { MAVI_BASE_URL: mock.baseUrl, MAVI_API_KEY: mock.key, MAVI_RATE: '0' };
}

/** The requests for videos that the mock saw. */
export function downloadsOf(mock: Mock): Mock['requests'] {
  return mock.requests.filter((request) => request.url.endsWith('/download'));
}
