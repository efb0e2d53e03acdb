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
} from './response.ts';

/** The default key: the form and length of a real key, and plainly not one. */
export const MOCK_KEY = `sk-mavi-${'fake-key-of-the-mock-'.repeat(4)}not-a-secret-fake0`;

type Service = Awaited<ReturnType<typeof createService>>;

/** What the routes work with. Throws SyntaxError for a bad fault text. */
export async function createService(options: MockOptions) {
  const { key = MOCK_KEY, nowMs = Date.now, pageSizeCap = 200, videos = await sampleLibrary() } = options;
  return {
    ...options,
    key,
    pageSizeCap,
    library: 'count' in videos ? videos : libraryOf(videos),
    /** Scopes that listings have created. */
    createdScopes: new Set<string>(),
    faults: faultPlan(options.faults, nowMs),
    listFaults: faultPlan(options.listFaults, nowMs),
    mayStart: startLimit(options.accountLimit),
  };
}

/** Says whether one more start fits into the sliding window; a refused start does not count. */
function startLimit(limit: MockOptions['accountLimit']): (nowMs: number) => boolean {
  let startedAtMs: number[] = [];
  return (nowMs) => {
    if (!limit) return true;
    startedAtMs = startedAtMs.filter((atMs) => nowMs - atMs < limit.windowMs);
    if (startedAtMs.length >= limit.starts) return false;
    startedAtMs.push(nowMs);
    return true;
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

type Route = (service: Service, exchange: Exchange) => void | Promise<void>;

const ROUTES: Readonly<Record<string, readonly [method: string, route: Route]>> = {
  [`${BASE_PATH}/download`]: ['POST', download],
  [`${BASE_PATH}/list_videos`]: ['POST', listVideosRoute],
  [`${BASE_PATH}/list_unique_ids`]: ['GET', listUniqueIds],
  [`${BASE_PATH}/folders`]: ['GET', listFolders],
};

/** Responds to a complete request. Unless `guarded`, no key is needed. */
export async function respond(service: Service, exchange: Exchange, guarded: boolean): Promise<void> {
  const { record, request } = exchange;
  const [path = ''] = record.url.split('?');
  if (path === '/expired') return sendText(exchange, 403, { 'Content-Type': 'application/xml' }, EXPIRED);
  if (guarded && request.headers.authorization !== service.key)
    return sendJson(exchange, FAILURES.unauthorized);
  if (path.startsWith(FILES_PATH)) return sendFile(service, exchange, path);
  const [method, route] = ROUTES[path] ?? [];
  if (route === undefined) return sendJson(exchange, failure('0001', `No static resource ${path.slice(1)}.`));
  if (method !== record.method) return sendSpring(exchange, 405, 'Method Not Allowed');
  await route(service, exchange);
}

async function download(service: Service, exchange: Exchange): Promise<void> {
  const { library, faults, mayStart } = service;
  if (!mayStart(exchange.nowMs())) return sendJson(exchange, FAILURES.rateLimit);
  const fields = fieldsOf(exchange);
  if (fields === null) return sendJson(exchange, FAILURES.badParameter);
  const videoNo = String(fields.video_no ?? '');
  const uniqueId = String(fields.unique_id ?? 'default');
  if (videoNo === '') return sendJson(exchange, FAILURES.noVideoNo);
  const video = library.find(uniqueId, videoNo);
  if (!video) return sendJson(exchange, FAILURES.unknownVideo);

  const cleanPath = `${FILES_PATH}${encodeURIComponent(uniqueId)}/${encodeURIComponent(videoNo)}`;
  const offerRanges = exchange.offerRanges || faults.needsRanges(videoNo);
  const content = contentOf(video);
  await sendOrFail({ ...exchange, content, cleanPath, offerRanges }, faults, videoNo);
}

/** The same video at a path of its own, which redirects lead to. */
async function sendFile({ library }: Service, exchange: Exchange, path: string): Promise<void> {
  const [uniqueId = '', videoNo = ''] = path.slice(FILES_PATH.length).split('/').map(decodeURIComponent);
  const video = library.find(uniqueId, videoNo);
  if (!video) return sendJson(exchange, FAILURES.unknownVideo);
  await sendContent({ ...exchange, content: contentOf(video) });
}

function contentOf(video: StoredVideo): Content {
  return {
    contentType: 'application/octet-stream',
    sizeBytes: video.sizeBytes,
    etag: `"${video.videoNo}-${video.sizeBytes}"`,
    read: (fromByte, toByte) => video.read(fromByte, toByte),
  };
}

async function listVideosRoute(service: Service, exchange: Exchange): Promise<void> {
  const fields = fieldsOf(exchange);
  if (fields === null) return sendListing(service, exchange, FAILURES.badParameter);
  // As in the real API, listing a scope creates it.
  service.createdScopes.add(String(fields.unique_id ?? 'default'));
  // A folder_id may be a number that those of JavaScript cannot hold.
  const folder_id = /"folder_id"\s*:\s*"?(-?\d+)/.exec(exchange.record.body)?.[1];
  const { library, pageSizeCap } = service;
  const page = listVideos(library, { ...fields, ...(folder_id && { folder_id }) }, pageSizeCap);
  await sendListing(service, exchange, page);
}

function fieldsOf({ record }: Exchange): Fields | null {
  return typeof record.json === 'object' ? (record.json as Fields | null) : null;
}

async function listUniqueIds(service: Service, exchange: Exchange): Promise<void> {
  const { library, createdScopes } = service;
  const uniqueIds = new Set([...library.uniqueIds, ...createdScopes]);
  await sendListing(service, exchange, success({ unique_ids: [...uniqueIds] }));
}

async function listFolders(service: Service, exchange: Exchange): Promise<void> {
  await sendListing(service, exchange, success({ folders: [{ folder_id: -1, folder_name: 'default' }] }));
}

async function sendListing(service: Service, exchange: Exchange, envelope: Envelope): Promise<void> {
  const asString = (_name: string, value: unknown) => (typeof value === 'number' ? String(value) : value);
  const json = JSON.stringify(envelope, service.numbersAsStrings ? asString : undefined);
  const content = contentOfBytes('application/json', Buffer.from(json));
  const [path = '', query] = exchange.record.url.split('?');
  if (query?.startsWith(CLEAN)) return sendContent({ ...exchange, content });
  await sendOrFail({ ...exchange, content, cleanPath: `${path}?${CLEAN}` }, service.listFaults, path);
}
