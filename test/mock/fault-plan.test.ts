import { describe, expect, it } from 'vitest';
import { download, jsonOf, post, started } from './client.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from './sample-files.ts';

const SAMPLE = sampleFile('faststart');

describe('a chain of faults', () => {
  it('applies request by request, then the video is sent', async () => {
    const mock = await started({ faults: 'drop@100x2,rate-limitx1' });
    const outcomes: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { broken, headers } = await download(mock);
      outcomes.push(broken ?? headers['content-type']);
    }
    const video = 'application/octet-stream';
    expect(outcomes).toEqual(['ECONNRESET', 'ECONNRESET', 'application/json', video, video]);
    expect(mock.requests.map((request) => request.fault)).toEqual([
      'drop@100x2',
      'drop@100x2',
      'rate-limitx1',
      undefined,
      undefined,
    ]);
  });

  it('counts the requests of each video separately', async () => {
    const mock = await started({ faults: 'not-foundx1' });
    for (const videoNo of [SAMPLE_VIDEO_NOS.faststart, SAMPLE_VIDEO_NOS.moovLast]) {
      expect(jsonOf(await download(mock, videoNo))).toMatchObject({ code: '0001' });
    }
    expect((await download(mock)).body.equals(SAMPLE)).toBe(true);
  });

  it('can be given by video, with another for all others', async () => {
    const faults = { [SAMPLE_VIDEO_NOS.faststart]: '', '*': 'disabled' };
    const mock = await started({ faults });
    expect((await download(mock)).body.equals(SAMPLE)).toBe(true);
    expect(jsonOf(await download(mock, SAMPLE_VIDEO_NOS.moovLast))).toMatchObject({ code: '0403' });
    const holiday = { video_no: SAMPLE_VIDEO_NOS.holiday, unique_id: 'holiday_2025' };
    expect(jsonOf(await post(mock, 'download', holiday))).toMatchObject({ code: '0403' });
  });

  it('stops the mock from starting if it cannot be parsed', async () => {
    await expect(started({ faults: 'drpo' })).rejects.toThrow(/unknown fault 'drpo'/);
  });
});
