import { onTestFinished } from 'vitest';
import { type Standin, type StandinOptions, startStandin } from '../../src/mock/server.ts';

/** A stand-in on a free port, closed when the test is over. */
export async function withStandin(options: StandinOptions = {}): Promise<Standin> {
  const standin = await startStandin(options);
  onTestFinished(() => standin.close());
  return standin;
}

/** The environment that sends mavi to a stand-in, without a limit on starts. */
export function envFor(standin: Standin): Record<string, string> {
  return { MAVI_BASE_URL: standin.baseUrl, MAVI_API_KEY: standin.key, MAVI_RATE: '0' };
}

/** The requests for videos that the stand-in saw. */
export function downloadsOf(standin: Standin): Standin['requests'] {
  return standin.requests.filter((request) => request.url.endsWith('/download'));
}
