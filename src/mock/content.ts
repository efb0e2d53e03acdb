import type { StoredVideo } from './library.ts';

/** What an answer with status 200 carries. */
export interface Content {
  readonly contentType: string;
  readonly sizeBytes: number;
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>;
}

/** The original file of a video, as the download route sends it. */
export function contentOf(video: StoredVideo): Content {
  return {
    contentType: 'application/octet-stream',
    sizeBytes: video.sizeBytes,
    etag: `"${video.videoNo}-${video.sizeBytes}"`,
    read: (fromByte, toByte) => video.read(fromByte, toByte),
  };
}

/** Bytes that are at hand. */
export function contentOfBytes(contentType: string, bytes: Uint8Array): Content {
  return {
    contentType,
    sizeBytes: bytes.length,
    etag: `"bytes-${bytes.length}"`,
    async *read(fromByte, toByte) {
      yield bytes.subarray(fromByte, toByte);
    },
  };
}
