/** `list_videos`: pages and filters. */
import type { StoredVideo, VideoLibrary } from './library.ts';
import { type Envelope, FAILURES, success } from './response.ts';

type Fields = Readonly<Record<string, unknown>>;

const FILTERS: Readonly<Record<string, (video: StoredVideo, value: unknown) => boolean>> = {
  video_name: (video, value) => video.name === value,
  video_no: (video, value) => video.videoNo === value,
  video_nos: (video, value) => Array.isArray(value) && value.includes(video.videoNo),
  status: (video, value) => video.status === value,
  camera_model: (video, value) => video.cameraModel === value,
  tag: (video, value) => video.tags?.includes(String(value)) ?? false,
  folder_id: (video, value) => (video.folderId ?? '-1') === value,
  datetime_taken: (video, value) => video.takenAtMs !== undefined && video.takenAtMs >= Number(value),
};

const NEAR_KM = 20;
const KM_PER_DEGREE = 111.2;

/** Precise enough for short distances; NaN for a video without a place. */
function distanceKm(video: StoredVideo, latitude: number, longitude: number): number {
  const north = (video.latitude ?? Number.NaN) - latitude;
  const east = ((video.longitude ?? Number.NaN) - longitude) * Math.cos((latitude * Math.PI) / 180);
  return Math.hypot(north, east) * KM_PER_DEGREE;
}

const DEFAULT_PAGE_SIZE = 20;

/** The response of `list_videos` to a request's JSON. */
export function listVideos(library: VideoLibrary, json: unknown, pageSizeCap: number): Envelope {
  if (typeof json !== 'object' || json === null) return FAILURES.badParameter;
  const fields = json as Fields;
  const page = Number(fields.page ?? 1);
  const size = Number(fields.size ?? DEFAULT_PAGE_SIZE);
  if (!Number.isInteger(page) || !Number.isInteger(size) || page < 1 || size < 1)
    return FAILURES.badParameter;

  const pageSize = Math.min(size, pageSizeCap);
  const from = (page - 1) * pageSize;
  const { total, videos } = pageOf(library, fields, from, from + pageSize);
  return success({ current_page: page, page_size: pageSize, total_count: total, videos: videos.map(row) });
}

function pageOf(library: VideoLibrary, fields: Fields, from: number, to: number) {
  const uniqueId = String(fields.unique_id ?? 'default');
  const count = library.count(uniqueId);
  const filters = Object.entries(FILTERS).filter(([name]) => (fields[name] ?? null) !== null);
  const { latitude, longitude } = fields;
  const isNear = latitude !== undefined && longitude !== undefined;
  // A library of millions is not read through for one page of it.
  if (filters.length === 0 && !isNear) return { total: count, videos: videosAt(library, uniqueId, from, to) };

  const matches = videosAt(library, uniqueId, 0, count).filter(
    (video) =>
      filters.every(([name, matches]) => matches(video, fields[name])) &&
      (!isNear || distanceKm(video, Number(latitude), Number(longitude)) <= NEAR_KM),
  );
  return { total: matches.length, videos: matches.slice(from, to) };
}

function videosAt(library: VideoLibrary, uniqueId: string, from: number, to: number): StoredVideo[] {
  const videos: StoredVideo[] = [];
  for (let position = from; position < to; position += 1) {
    const video = library.at(uniqueId, position);
    if (video === undefined) break;
    videos.push(video);
  }
  return videos;
}

function row(video: StoredVideo) {
  return {
    video_no: video.videoNo,
    video_name: video.name,
    duration: video.durationSeconds,
    size: video.sizeBytes,
    status: video.status,
    create_time: video.createTimeMs,
    // The real API sends the word, not the value, when there is no cause.
    cause: 'null',
    datetime_taken: video.takenAtMs,
    camera_model: video.cameraModel,
    latitude: video.latitude,
    longitude: video.longitude,
    tags: video.tags,
  };
}
