/** `list_videos`: pages and filters. */
import type { StoredVideo, VideoLibrary } from './library.ts';
import { type Envelope, FAILURES, success } from './response.ts';

/** The JSON of a request. */
export type Fields = Readonly<Record<string, unknown>>;
type Filter = (video: StoredVideo, value: unknown, fields: Fields) => boolean;

const FILTERS: Readonly<Record<string, Filter>> = {
  video_name: (video, value) => video.name === value,
  video_no: (video, value) => video.videoNo === value,
  video_nos: (video, value) => Array.isArray(value) && value.includes(video.videoNo),
  status: (video, value) => video.status === value,
  camera_model: (video, value) => video.cameraModel === value,
  tag: (video, value) => video.tags?.includes(String(value)) ?? false,
  folder_id: (video, value) => (video.folderId ?? '-1') === value,
  datetime_taken: (video, value) => video.takenAtMs !== undefined && video.takenAtMs >= Number(value),
  latitude: (video, value, { longitude }) =>
    longitude === undefined || distanceKm(video, Number(value), Number(longitude)) <= NEAR_KM,
};

const NEAR_KM = 20;
const KM_PER_DEGREE = 111.2;

/** Precise enough for short distances; NaN for a video without a place. */
function distanceKm(video: StoredVideo, latitude: number, longitude: number): number {
  const north = (video.latitude ?? Number.NaN) - latitude;
  const east = ((video.longitude ?? Number.NaN) - longitude) * Math.cos((latitude * Math.PI) / 180);
  return Math.hypot(north, east) * KM_PER_DEGREE;
}

/** The response of `list_videos` to a request's JSON. */
export function listVideos(library: VideoLibrary, fields: Fields, pageSizeCap: number): Envelope {
  const page = Number(fields.page ?? 1);
  const size = Number(fields.size ?? 20);
  const isPage = Number.isInteger(page) && Number.isInteger(size) && page >= 1 && size >= 1;
  if (!isPage) return FAILURES.badParameter;

  const uniqueId = String(fields.unique_id ?? 'default');
  const pageSize = Math.min(size, pageSizeCap);
  const from = (page - 1) * pageSize;
  const filters = Object.entries(FILTERS).filter(([name]) => (fields[name] ?? null) !== null);
  const isMatch = (video: StoredVideo) =>
    filters.every(([name, matches]) => matches(video, fields[name], fields));
  const count = library.count(uniqueId);
  // A library of millions is not read through for one page of it.
  const matches = filters.length > 0 ? videosAt(library, uniqueId, 0, count).filter(isMatch) : null;
  const videos = matches?.slice(from, from + pageSize) ?? videosAt(library, uniqueId, from, from + pageSize);
  const total = matches?.length ?? count;
  return success({ current_page: page, page_size: pageSize, total_count: total, videos: videos.map(row) });
}

function videosAt(library: VideoLibrary, uniqueId: string, from: number, to: number): StoredVideo[] {
  const videos = Array.from({ length: to - from }, (_, index) => library.at(uniqueId, from + index));
  return videos.filter((video) => video !== undefined);
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
