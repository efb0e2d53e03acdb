import {
  type Content,
  contentOf,
  contentOfBytes,
  type Envelope,
  FAILURES,
  failure,
  sendContent,
  sendJson,
  sendSpring,
  sendText,
  success,
} from './answer.ts';
import { applyFault, type FaultPlan, faultPlan } from './fault-plan.ts';
import { libraryOf, sampleLibrary } from './library.ts';
import { listVideos, withNumbersAsStrings } from './listing.ts';
import type { Exchange, MockOptions } from './options.ts';

/** The key that the mock takes by default: of a real key's form and length, and plainly no real one. */
export const MOCK_KEY = `sk-mavi-${'fake-key-of-the-mock-'.repeat(4)}not-a-secret-fake0`;

/** A limit on starts in a sliding window: says whether one more is allowed; a refused one does not count. */
function accountLimit(starts: number, windowMs: number): (nowMs: number) => boolean {
  let startedAtMs: number[] = [];
  return (nowMs) => {
    startedAtMs = startedAtMs.filter((atMs) => nowMs - atMs < windowMs);
    if (startedAtMs.length >= starts) return false;
    startedAtMs.push(nowMs);
    return true;
  };
}

const PAGE_SIZE_CAP = 200;

type Service = Awaited<ReturnType<typeof createService>>;

/**
 * Settles the options: what the routes work with.
 * @throws SyntaxError for a bad fault text
 */
export async function createService(options: MockOptions) {
  const { accountLimit: limit, videos, nowMs = Date.now } = options;
  return {
    key: options.key ?? MOCK_KEY,
    library: videos === undefined ? await sampleLibrary() : 'count' in videos ? videos : libraryOf(videos),
    /** Scopes that listings have brought into being. */
    madeUniqueIds: new Set<string>(),
    faults: faultPlan(options.faults, nowMs),
    listFaults: faultPlan(options.listFaults, nowMs),
    /** Takes one start from the account's allowance; false if none is left. */
    mayStart: limit ? accountLimit(limit.starts, limit.windowMs) : () => true,
    folders: options.folders ?? { '-1': 'default' },
    numbersAsStrings: options.numbersAsStrings ?? false,
    pageSizeCap: Math.min(options.pageSizeCap ?? PAGE_SIZE_CAP, PAGE_SIZE_CAP),
    withoutScopesRoute: options.withoutScopesRoute,
  };
}

/** The path that all routes begin with. */
export const BASE_PATH = '/serve/api/v1';

const FILES_PATH = `${BASE_PATH}/files/`;
/** Marks a listing that a redirect has led to, and that is to be answered without fault. */
const CLEAN = 'clean';

/** What a storage answers to a signed address of yesterday. */
const EXPIRED =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';

type Route = (service: Service, exchange: Exchange) => void | Promise<void>;

const ROUTES: Readonly<Record<string, { readonly method: string; readonly route: Route }>> = {
  [`${BASE_PATH}/download`]: { method: 'POST', route: download },
  [`${BASE_PATH}/list_videos`]: { method: 'POST', route: listVideosRoute },
  [`${BASE_PATH}/list_unique_ids`]: { method: 'GET', route: listUniqueIds },
  [`${BASE_PATH}/folders`]: { method: 'GET', route: listFolders },
};

/** Whether a request is for a video: by the API's route, or by one that a redirect leads to. */
export function isForVideo(url: string): boolean {
  return url.split('?')[0] === `${BASE_PATH}/download` || url.startsWith(FILES_PATH);
}

/** Answers a request that has come in whole. Without `guarded`, no key is asked for. */
export async function answer(service: Service, exchange: Exchange, guarded: boolean): Promise<void> {
  const { record } = exchange;
  const path = record.url.split('?')[0] ?? '';
  if (path === '/expired') {
    sendText(exchange, 403, { 'Content-Type': 'application/xml' }, EXPIRED);
  } else if (guarded && exchange.request.headers.authorization !== service.key) {
    sendJson(exchange, FAILURES.unauthorized);
  } else if (path.startsWith(FILES_PATH)) {
    await file(service, exchange, path);
  } else {
    const known = ROUTES[path];
    if (!known) sendJson(exchange, noSuchRoute(path));
    else if (known.method !== record.method) sendSpring(exchange, 405, 'Method Not Allowed');
    else await known.route(service, exchange);
  }
}

async function download(service: Service, exchange: Exchange): Promise<void> {
  const { json } = exchange.record;
  if (!service.mayStart(exchange.nowMs())) return sendJson(exchange, FAILURES.rateLimit);
  if (typeof json !== 'object' || json === null) return sendJson(exchange, FAILURES.badParameter);
  const fields = json as Readonly<Record<string, unknown>>;
  const videoNo = String(fields.video_no ?? '');
  const uniqueId = String(fields.unique_id ?? 'default');
  if (videoNo === '') return sendJson(exchange, FAILURES.noVideoNo);
  const video = service.library.find(uniqueId, videoNo);
  if (!video) return sendJson(exchange, FAILURES.unknownVideo);

  const cleanPath = `${FILES_PATH}${encodeURIComponent(uniqueId)}/${encodeURIComponent(videoNo)}`;
  const offerRanges = exchange.offerRanges || service.faults.needsRanges(videoNo);
  await sendOrFail({ ...exchange, cleanPath, offerRanges }, contentOf(video), service.faults, videoNo);
}

async function file(service: Service, exchange: Exchange, path: string): Promise<void> {
  const [uniqueId = '', videoNo = ''] = path.slice(FILES_PATH.length).split('/');
  const video = service.library.find(decodeURIComponent(uniqueId), decodeURIComponent(videoNo));
  if (!video) return sendJson(exchange, FAILURES.unknownVideo);
  await sendContent(exchange, contentOf(video));
}

async function listVideosRoute(service: Service, exchange: Exchange): Promise<void> {
  const { json } = exchange.record;
  // Asking for a scope makes it, as in the real API.
  const asked = typeof json === 'object' && json !== null && 'unique_id' in json ? json.unique_id : 'default';
  service.madeUniqueIds.add(String(asked ?? 'default'));
  await sendListing(
    service,
    exchange,
    listVideos(service.library, folderAsText(exchange.record), service.pageSizeCap),
  );
}

/** The request's fields, with the `folder_id` as it was written. */
function folderAsText({ body, json }: Exchange['record']): unknown {
  const folder_id = /"folder_id"\s*:\s*"?(-?\d+)/.exec(body)?.[1];
  return folder_id === undefined ? json : { ...(json as object), folder_id };
}

async function listUniqueIds(service: Service, exchange: Exchange): Promise<void> {
  if (service.withoutScopesRoute === 'spring-404') return sendSpring(exchange, 404, 'Not Found');
  if (service.withoutScopesRoute === 'envelope') return sendJson(exchange, noSuchRoute(exchange.record.url));
  const uniqueIds = new Set([...service.library.uniqueIds, ...service.madeUniqueIds]);
  await sendListing(service, exchange, success({ unique_ids: [...uniqueIds] }));
}

async function listFolders(service: Service, exchange: Exchange): Promise<void> {
  const folders = Object.entries(service.folders).map(([folder_id, folder_name]) => ({
    folder_id,
    folder_name,
  }));
  await sendListing(service, exchange, success({ folders }));
}

async function sendListing(service: Service, exchange: Exchange, envelope: Envelope): Promise<void> {
  const data = service.numbersAsStrings ? withNumbersAsStrings(envelope.data) : envelope.data;
  // Folder ids are numbers in the JSON, which those of JavaScript cannot hold.
  const json = JSON.stringify({ ...envelope, data }).replace(/("folder_id":)"(-?\d+)"/g, '$1$2');
  const content = contentOfBytes('application/json', Buffer.from(json));
  const [path = '', query] = exchange.record.url.split('?');
  if (query?.startsWith(CLEAN)) return sendContent(exchange, content);
  await sendOrFail({ ...exchange, cleanPath: `${path}?${CLEAN}` }, content, service.listFaults, path);
}

async function sendOrFail(
  exchange: Exchange,
  content: Content,
  plan: FaultPlan,
  name: string,
): Promise<void> {
  const fault = plan.next(name);
  if (fault) await applyFault(exchange, content, fault);
  else await sendContent(exchange, content);
}

function noSuchRoute(path: string): Envelope {
  return failure('0001', `No static resource ${path.slice(1)}.`);
}
