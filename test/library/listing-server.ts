import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request for a listing. */
export interface Asked {
  readonly url: string;
  readonly page: number;
  /** As it came. */
  readonly text: string;
}

/** A server that responds to each request with `data`, as a success of the API; and the environment to reach it. */
export async function listingServer(
  data: (asked: Asked) => unknown,
): Promise<{ env: Record<string, string>; asked: Asked[] }> {
  const all: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const page = text === '' ? 0 : Number((JSON.parse(text) as { page: number }).page);
    const asked = { url: request.url ?? '', page, text };
    all.push(asked);
    const made = data(asked);
    const body = typeof made === 'string' ? made : JSON.stringify(made);
    response
      .setHeader('Content-Type', 'application/json')
      .end(`{"code":"0000","success":true,"data":${body}}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const env = {
    MAVI_BASE_URL: `http://127.0.0.1:${port}`,
    MAVI_API_KEY: `sk-mavi-${'x'.repeat(40)}`,
    MAVI_RATE: '0',
  };
  return { env, asked: all };
}

/** Rows with IDs from `from` on, ready to be downloaded. */
export function rows(
  count: number,
  from = 0,
  change: Record<string, unknown> = {},
): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => ({
    video_no: `VI${String(from + index).padStart(18, '0')}`,
    video_name: 'clip',
    size: 1000,
    status: 'PARSE',
    ...change,
  }));
}
