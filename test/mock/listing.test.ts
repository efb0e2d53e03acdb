import { describe, expect, it } from 'vitest';
import type { Mock } from '../../src/mock/options.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { madeVideos } from '../library/stored-video.ts';
import { call, jsonOf, post, started } from './client.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from './sample-files.ts';

interface Page {
  current_page: number;
  page_size: number;
  total_count: number;
  videos: Record<string, unknown>[];
}

async function list(mock: Mock, json: object): Promise<Page> {
  const reply = await post(mock, 'list_videos', json);
  expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
  const envelope = jsonOf(reply);
  expect(envelope).toMatchObject({ code: '0000', msg: 'success', success: true, failed: false });
  return envelope.data as Page;
}

async function scopes(mock: Mock) {
  const headers = { Authorization: mock.key };
  return call(`${mock.baseUrl}/list_unique_ids`, { method: 'GET', headers });
}

describe('list_videos', () => {
  it('lists the newest first, with the real sizes', async () => {
    const page = await list(await started(), { page: 1, size: 20, unique_id: 'default' });
    expect(page).toMatchObject({ current_page: 1, page_size: 20, total_count: 3 });
    expect(page.videos.map((video) => video.video_no)).toEqual([
      SAMPLE_VIDEO_NOS.faststart,
      SAMPLE_VIDEO_NOS.moovLast,
      SAMPLE_VIDEO_NOS.fragmented,
    ]);
    expect(page.videos[1]).toMatchObject({
      video_name: 'Morning walk 🌅 | Lake, day #1?',
      size: sampleFile('moov-last').length,
      duration: 5,
      status: 'PARSE',
      create_time: expect.any(Number),
    });
  });

  it.each([
    ['no size', {}, 20],
    ['a size within the maximum', { size: 50 }, 50],
    ['a size over the maximum', { size: 1000 }, 200],
  ])('accepts %s for a page', async (_title, asked, rows) => {
    const page = await list(await started({ videos: generatedLibrary({ count: 450 }) }), asked);
    expect(page).toMatchObject({ page_size: rows, total_count: 450 });
    expect(page.videos).toHaveLength(rows);
  });

  it('returns every video once over all pages, then an empty page', async () => {
    const mock = await started({ videos: generatedLibrary({ count: 450 }), pageSizeCap: 100 });
    const seen: unknown[] = [];
    for (let page = 1; page <= 5; page += 1) {
      const { videos } = await list(mock, { page, size: 200 });
      seen.push(...videos.map((video) => video.video_no));
    }
    expect(new Set(seen).size).toBe(450);
    expect(seen).toEqual([...seen].sort().reverse());
    expect(await list(mock, { page: 6, size: 200 })).toMatchObject({ total_count: 450, videos: [] });
  });

  it.each([
    ['video_name', { video_name: 'first steps' }, [SAMPLE_VIDEO_NOS.faststart]],
    ['part of a video_name', { video_name: 'first' }, []],
    ['video_no', { video_no: SAMPLE_VIDEO_NOS.fragmented }, [SAMPLE_VIDEO_NOS.fragmented]],
    [
      'video_nos',
      { video_nos: [SAMPLE_VIDEO_NOS.fragmented, SAMPLE_VIDEO_NOS.holiday] },
      [SAMPLE_VIDEO_NOS.fragmented],
    ],
    ['status', { status: 'UNPARSE' }, []],
    ['camera_model', { camera_model: 'Hero 12' }, [SAMPLE_VIDEO_NOS.moovLast]],
    ['tag', { tag: 'walk' }, [SAMPLE_VIDEO_NOS.faststart, SAMPLE_VIDEO_NOS.moovLast]],
    ['datetime_taken', { datetime_taken: Date.UTC(2025, 9, 2) }, [SAMPLE_VIDEO_NOS.faststart]],
    ['a place near by', { latitude: 47.5, longitude: 8.6 }, [SAMPLE_VIDEO_NOS.faststart]],
    ['a place far off', { latitude: 47.6, longitude: 8.9 }, []],
    ['two filters', { tag: 'walk', camera_model: 'Hero 12' }, [SAMPLE_VIDEO_NOS.moovLast]],
  ])('filters by %s', async (_title, filter, videoNos) => {
    const page = await list(await started(), filter);
    expect(page.videos.map((video) => video.video_no)).toEqual(videoNos);
    expect(page.total_count).toBe(videoNos.length);
  });

  it('pages through the matches of a filter', async () => {
    const videos = generatedLibrary({ count: 9, statuses: ['PARSE', 'UNPARSE', 'FAILED'] });
    const page = await list(await started({ videos }), { status: 'UNPARSE', size: 2, page: 2 });
    expect(page).toMatchObject({ total_count: 3, videos: [{ status: 'UNPARSE' }] });
  });

  it('returns numbers as strings if asked to', async () => {
    const page = await list(await started({ numbersAsStrings: true }), {});
    expect(page).toMatchObject({ total_count: '3', page_size: '20' });
    expect(page.videos[0]).toMatchObject({ size: String(sampleFile('faststart').length), duration: '4' });
  });

  it.each([[{ page: 0 }], [{ size: 'many' }], ['text']])('refuses %j with code 0003', async (asked) => {
    const reply = await post(await started(), 'list_videos', asked);
    expect(jsonOf(reply)).toMatchObject({ code: '0003', success: false });
  });

  it('has its own faults, which do not count the requests of videos', async () => {
    const mock = await started({ listFaults: 'rate-limitx1,truncate@10x1' });
    expect(jsonOf(await post(mock, 'list_videos', {}))).toMatchObject({ code: '0429' });
    expect((await post(mock, 'list_videos', {})).body).toHaveLength(10);
    expect(await list(mock, {})).toMatchObject({ total_count: 3 });
  });
});

describe('list_unique_ids', () => {
  it('names the scopes', async () => {
    const reply = await scopes(await started());
    expect(jsonOf(reply)).toEqual({
      code: '0000',
      msg: 'success',
      data: { unique_ids: ['default', 'holiday_2025'] },
      success: true,
      failed: false,
    });
  });

  it('names a scope that a listing has created', async () => {
    const mock = await started();
    expect(await list(mock, { unique_id: 'new_one' })).toMatchObject({ total_count: 0, videos: [] });
    expect(jsonOf(await scopes(mock)).data).toEqual({
      unique_ids: ['default', 'holiday_2025', 'new_one'],
    });
  });
});

describe('folders', () => {
  const BEYOND = '9223372036854775807';

  it('are the default folder alone, with a number as its id', async () => {
    const mock = await started();
    const headers = { Authorization: mock.key };
    const { body } = await call(`${mock.baseUrl}/folders`, { method: 'GET', headers });
    expect(body.toString()).toContain('{"folders":[{"folder_id":-1,"folder_name":"default"}]}');
  });

  it('filter a listing by the exact id', async () => {
    const [one, two] = [...madeVideos(2)];
    const mock = await started({ videos: [{ ...one!, folderId: BEYOND }, two!] });
    const listed = async (folderId: string): Promise<unknown[]> => {
      const headers = { Authorization: mock.key };
      const body = `{"folder_id":${folderId}}`;
      const { data } = jsonOf(await call(`${mock.baseUrl}/list_videos`, { headers, body })) as {
        data: { videos: { video_no: string }[] };
      };
      return data.videos.map((video) => video.video_no);
    };
    expect(await listed(BEYOND)).toEqual([one!.videoNo]);
    expect(await listed('9223372036854775806')).toEqual([]);
    expect(await listed('-1')).toEqual([two!.videoNo]);
  });
});
