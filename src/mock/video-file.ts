import { createReadStream } from 'node:fs';

/** A reader of a file on disk, opened anew at each call, so that no video is held in memory. */
export function readerOf(file: string | URL) {
  return async function* read(fromByte: number, toByte: number): AsyncIterable<Uint8Array> {
    // createReadStream's end is inclusive, so it cannot say "no bytes".
    if (fromByte < toByte) yield* createReadStream(file, { start: fromByte, end: toByte - 1 });
  };
}
