/** `PARSE` means ready; the other words are videos still, or never, indexed. */
export type VideoStatus = 'PARSE' | 'UNPARSE' | 'FAILED' | 'PARSE_ERROR';

/** One video of the account, with its original file. */
export interface StoredVideo {
  readonly videoNo: string;
  /** The scope, `unique_id` in the API. */
  readonly uniqueId: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly durationSeconds: number;
  readonly status: VideoStatus;
  readonly createTimeMs: number;
  readonly takenAtMs?: number;
  readonly cameraModel?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly tags?: readonly string[];
  /** The bytes from `fromByte` up to, not including, `toByte`. The same bytes at each call. */
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>;
}

/** An account's videos by scope. A library may make its videos up when they are asked for. */
export interface VideoLibrary {
  readonly uniqueIds: readonly string[];
  count(uniqueId: string): number;
  /** The video at a position of the listing; position 0 is the newest. */
  at(uniqueId: string, position: number): StoredVideo | undefined;
  find(uniqueId: string, videoNo: string): StoredVideo | undefined;
}

/** A library of the videos given, in any order. */
export function libraryOf(videos: readonly StoredVideo[]): VideoLibrary {
  const scopes = new Map<string, StoredVideo[]>([['default', []]]);
  for (const video of [...videos].sort((a, b) => b.createTimeMs - a.createTimeMs)) {
    const scope = scopes.get(video.uniqueId);
    if (scope) scope.push(video);
    else scopes.set(video.uniqueId, [video]);
  }
  return {
    uniqueIds: [...scopes.keys()],
    count: (uniqueId) => scopes.get(uniqueId)?.length ?? 0,
    at: (uniqueId, position) => scopes.get(uniqueId)?.[position],
    find: (uniqueId, videoNo) => scopes.get(uniqueId)?.find((video) => video.videoNo === videoNo),
  };
}
