/** The routes of the API. */
import { faultPlan, sendOrFail } from './faults.ts';
import { libraryOf, type StoredVideo, sampleLibrary } from './library.ts';
import { type Fields, listVideos } from './listing.ts';
import type { Exchange, MockOptions } from './options.ts';
import {
  type Content,
  contentOfBytes,
  type Envelope,
  FAILURES,
  failure,
  sendContent,
  sendJson,
  sendSpring,
  sendText,
  success,
  withContent,
} from './response.ts';

/** The default key: the form and length of a real key, and plainly not one. */
export const MOCK_KEY = `sk-mavi-${'fake0key0of0the0mock0'.repeat(4)}not0a0secret0fake0`;

const DEFAULTS = { pageSizeCap: 200, chunkBytes: 65_536, contentLength: false, offerRanges: false };

/** The options with their defaults, and the state that all requests share. */
type Service = Awaited<ReturnType<typeof createService>>;

/** One request to the API. */
type Call = Exchange & Service;

/** What the routes work with. Throws SyntaxError for a bad fault text. */
export async function createService(options: MockOptions) {
  const { key = MOCK_KEY, nowMs = Date.now, videos = await sampleLibrary() } = options;
  return {
    ...DEFAULTS,
    ...options,
    key,
    nowMs,
    library: 'count' in videos ? videos : libraryOf(videos),
    /** Scopes that listings have created. */
    createdScopes: new Set<string>(),
    faults: faultPlan(options.faults, nowMs),
    listFaults: faultPlan(options.listFaults, nowMs),
    mayStart: startLimit(options.accountLimit, nowMs),
  };
}

/** Says whether one more start fits into the sliding window; a refused start does not count. */
function startLimit(limit: MockOptions['accountLimit'], nowMs: () => number): () => boolean {
  let startedAtMs: number[] = [];
  return () => {
    if (!limit) return true;
    startedAtMs = startedAtMs.filter((atMs) => nowMs() - atMs < limit.windowMs);
    const mayStart = startedAtMs.length < limit.starts;
    if (mayStart) startedAtMs.push(nowMs());
    return mayStart;
  };
}

/** The path that all routes start with. */
export const BASE_PATH = '/serve/api/v1';

const FILES_PATH = `${BASE_PATH}/files/`;
/** Marks a listing that a redirect has led to, which gets no fault. */
const CLEAN = 'clean';

/** What a storage service responds to a signed URL that has expired. */
const EXPIRED =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';

const DEFAULT_FOLDER = { folder_id: -1, folder_name: 'default' };

type Route = (call: Call) => void | Promise<void>;

const ROUTES: Readonly<Record<string, readonly [method: string, route: Route]>> = {
  [`${BASE_PATH}/download`]: ['POST', download],
  [`${BASE_PATH}/list_videos`]: ['POST', listVideosRoute],
  [`${BASE_PATH}/list_unique_ids`]: ['GET', listUniqueIds],
  [`${BASE_PATH}/folders`]: ['GET', (call) => sendListing(call, success({ folders: [DEFAULT_FOLDER] }))],
};

/** Responds to a complete request. Unless `guarded`, no key is needed. */
export async function respond(call: Call, guarded: boolean): Promise<void> {
  const { record, request, key } = call;
  const [path = ''] = record.url.split('?');
  if (path === '/expired') return sendText(call, 403, { 'Content-Type': 'application/xml' }, EXPIRED);
  if (guarded && request.headers.authorization !== key) return sendJson(call, FAILURES.unauthorized);
  if (path.startsWith(FILES_PATH)) return sendFile(call, path);
  const [method, route] = ROUTES[path] ?? [];
  if (route === undefined) return sendJson(call, failure('0001', `No static resource ${path.slice(1)}.`));
  if (method !== record.method) return sendSpring(call, 405, 'Method Not Allowed');
  await route(call);
}

async function download(call: Call): Promise<void> {
  const { library, faults } = call;
  if (!call.mayStart()) return sendJson(call, FAILURES.rateLimit);
  const fields = fieldsOf(call);
  if (fields === null) return sendJson(call, FAILURES.badParameter);
  const videoNo = String(fields.video_no ?? '');
  const uniqueId = String(fields.unique_id ?? 'default');
  if (videoNo === '') return sendJson(call, FAILURES.noVideoNo);
  const video = library.find(uniqueId, videoNo);
  if (!video) return sendJson(call, FAILURES.unknownVideo);

  const cleanPath = `${FILES_PATH}${encodeURIComponent(uniqueId)}/${encodeURIComponent(videoNo)}`;
  const offerRanges = call.offerRanges || faults.needsRanges(videoNo);
  await sendOrFail(withContent({ ...call, cleanPath, offerRanges }, contentOf(video)), faults, videoNo);
}

/** The same video at a path of its own, which redirects lead to. */
async function sendFile(call: Call, path: string): Promise<void> {
  const [uniqueId = '', videoNo = ''] = path.slice(FILES_PATH.length).split('/').map(decodeURIComponent);
  const { library } = call;
  const video = library.find(uniqueId, videoNo);
  if (!video) return sendJson(call, FAILURES.unknownVideo);
  await sendContent(withContent(call, contentOf(video)));
}

function contentOf(video: StoredVideo): Content {
  return {
    contentType: 'application/octet-stream',
    sizeBytes: video.sizeBytes,
    etag: `"${video.videoNo}-${video.sizeBytes}"`,
    read: (fromByte, toByte) => video.read(fromByte, toByte),
  };
}

async function listVideosRoute(call: Call): Promise<void> {
  const fields = fieldsOf(call);
  if (fields === null) return sendListing(call, FAILURES.badParameter);
  // As in the real API, listing a scope creates it.
  call.createdScopes.add(String(fields.unique_id ?? 'default'));
  // A folder_id may be a number that those of JavaScript cannot hold.
  const folder_id = /"folder_id"\s*:\s*"?(-?\d+)/.exec(call.record.body)?.[1];
  const { library, pageSizeCap } = call;
  const page = listVideos(library, { ...fields, ...(folder_id && { folder_id }) }, pageSizeCap);
  await sendListing(call, page);
}

function fieldsOf({ record }: Exchange): Fields | null {
  return typeof record.json === 'object' ? (record.json as Fields | null) : null;
}

async function listUniqueIds(call: Call): Promise<void> {
  const { library, createdScopes } = call;
  const uniqueIds = new Set(library.uniqueIds.concat([...createdScopes]));
  await sendListing(call, success({ unique_ids: [...uniqueIds] }));
}

async function sendListing(call: Call, envelope: Envelope): Promise<void> {
  const asString = (_name: string, value: unknown) => (typeof value === 'number' ? String(value) : value);
  const json = JSON.stringify(envelope, call.numbersAsStrings ? asString : undefined);
  const content = contentOfBytes('application/json', Buffer.from(json));
  const [path = '', query] = call.record.url.split('?');
  const delivery = withContent({ ...call, cleanPath: `${path}?${CLEAN}` }, content);
  await (query?.startsWith(CLEAN) ? sendContent(delivery) : sendOrFail(delivery, call.listFaults, path));
}
