import { describe, expect, it } from 'vitest';
import { call, download, started } from './client.ts';
import { SAMPLE_VIDEO_NOS } from './sample-files.ts';

describe('the record', () => {
  it('keeps requests as received, in order', async () => {
    const mock = await started({ nowMs: () => 1234 });
    await download(mock, SAMPLE_VIDEO_NOS.moovLast, { headers: { 'X-Odd-Case': 'Yes' } });
    await call(`${mock.baseUrl}/list_unique_ids?a=1`, { method: 'GET' });
    expect(mock.requests).toHaveLength(2);
    expect(mock.requests[0]).toMatchObject({
      order: 1,
      method: 'POST',
      url: '/serve/api/v1/download',
      json: { video_no: SAMPLE_VIDEO_NOS.moovLast, unique_id: 'default' },
      startedAtMs: 1234,
    });
    expect(mock.requests[0]?.rawHeaders).toContain('X-Odd-Case');
    expect(mock.requests[1]).toMatchObject({ order: 2, method: 'GET', body: '', json: undefined });
  });

  it('may be closed twice, with requests open', async () => {
    const mock = await started({ faults: 'silent', onRequest: () => void mock.close() });
    expect(await download(mock)).toMatchObject({ status: 0, broken: 'ECONNRESET' });
    await mock.close();
    expect(await download(mock)).toMatchObject({ broken: 'ECONNREFUSED' });
  });
});
