import type { StoredVideo } from './library.ts';

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
