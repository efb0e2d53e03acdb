import { type Envelope, FAILURES, success } from './answer.ts';
import type { StoredVideo, VideoLibrary } from './library.ts';

type Test = (video: StoredVideo) => boolean;

const NEAR_KM = 20;
const EARTH_RADIUS_KM = 6371;

/** The test that a request's filters amount to; `undefined` where it has none. */
export function videoFilter(fields: Readonly<Record<string, unknown>>): Test | undefined {
  const tests: Test[] = [];
  const add = (name: string, test: (video: StoredVideo, asked: unknown) => boolean) => {
    const asked = fields[name];
    if (asked !== undefined && asked !== null) tests.push((video) => test(video, asked));
  };
  add('video_name', (video, asked) => video.name === asked);
  add('video_no', (video, asked) => video.videoNo === asked);
  add('video_nos', (video, asked) => Array.isArray(asked) && asked.includes(video.videoNo));
  add('status', (video, asked) => video.status === asked);
  add('camera_model', (video, asked) => video.cameraModel === asked);
  add('tag', (video, asked) => video.tags?.includes(String(asked)) ?? false);
  add('folder_id', (video, asked) => (video.folderId ?? '-1') === asked);
  add('datetime_taken', (video, asked) => video.takenAtMs !== undefined && video.takenAtMs >= Number(asked));
  if (fields.latitude !== undefined && fields.longitude !== undefined) {
    tests.push(near(Number(fields.latitude), Number(fields.longitude)));
  }
  return tests.length === 0 ? undefined : (video) => tests.every((test) => test(video));
}

function near(latitude: number, longitude: number): Test {
  return (video) =>
    video.latitude !== undefined &&
    video.longitude !== undefined &&
    distanceKm(latitude, longitude, video.latitude, video.longitude) <= NEAR_KM;
}

function distanceKm(latitude: number, longitude: number, toLatitude: number, toLongitude: number): number {
  const radians = Math.PI / 180;
  const across = Math.sin(((toLatitude - latitude) * radians) / 2) ** 2;
  const along = Math.sin(((toLongitude - longitude) * radians) / 2) ** 2;
  const square = across + Math.cos(latitude * radians) * Math.cos(toLatitude * radians) * along;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(square));
}

const DEFAULT_PAGE_SIZE = 20;

/** The answer of `list_videos` to a request's JSON. */
export function listVideos(library: VideoLibrary, asked: unknown, pageSizeCap: number): Envelope {
  if (typeof asked !== 'object' || asked === null) return FAILURES.badParameter;
  const fields = asked as Readonly<Record<string, unknown>>;
  const page = Number(fields.page ?? 1);
  const size = Number(fields.size ?? DEFAULT_PAGE_SIZE);
  if (!Number.isInteger(page) || !Number.isInteger(size) || page < 1 || size < 1)
    return FAILURES.badParameter;

  const pageSize = Math.min(size, pageSizeCap);
  const uniqueId = String(fields.unique_id ?? 'default');
  const first = (page - 1) * pageSize;
  const { total, videos } = pageOf(library, uniqueId, fields, first, first + pageSize);
  return success({
    current_page: page,
    page_size: pageSize,
    total_count: total,
    videos: videos.map(row),
  });
}

/** Numbers as strings, all the way down, as the real API gives them now and then. */
export function withNumbersAsStrings(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(withNumbersAsStrings);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, withNumbersAsStrings(field)]),
  );
}

function pageOf(
  library: VideoLibrary,
  uniqueId: string,
  fields: Readonly<Record<string, unknown>>,
  from: number,
  to: number,
): { total: number; videos: StoredVideo[] } {
  const matches = videoFilter(fields);
  const count = library.count(uniqueId);
  const videos: StoredVideo[] = [];
  if (!matches) {
    // A library of millions is not walked through for one page of it.
    for (let position = from; position < Math.min(to, count); position += 1) {
      const video = library.at(uniqueId, position);
      if (video) videos.push(video);
    }
    return { total: count, videos };
  }
  let total = 0;
  for (let position = 0; position < count; position += 1) {
    const video = library.at(uniqueId, position);
    if (!video || !matches(video)) continue;
    if (total >= from && total < to) videos.push(video);
    total += 1;
  }
  return { total, videos };
}

function row(video: StoredVideo) {
  return {
    video_no: video.videoNo,
    video_name: video.name,
    duration: video.durationSeconds,
    size: video.sizeBytes,
    status: video.status,
    create_time: video.createTimeMs,
    // The word, not the value: so the real API says that there is none.
    cause: 'null',
    ...(video.takenAtMs !== undefined && { datetime_taken: video.takenAtMs }),
    ...(video.cameraModel !== undefined && { camera_model: video.cameraModel }),
    ...(video.latitude !== undefined && { latitude: video.latitude }),
    ...(video.longitude !== undefined && { longitude: video.longitude }),
    ...(video.tags !== undefined && { tags: video.tags }),
  };
}
