/** The file in which V8's code of the bundle's parts is kept. */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** The first line of the file, after the checksum. The code of the parts follows in the same order, end to end. */
interface Head {
  readonly key: string;
  readonly parts: readonly (readonly [name: string, sizeBytes: number])[];
}

/** Whether this Node has a checksum: 21 and the first of 22 do not, and keep no code themselves either. */
export const canCheck: boolean = typeof crc32 === 'function';

/** The checksum of bytes: CRC-32. */
export const checksumOf = (bytes: Uint8Array): number => crc32(bytes);

const CHECKSUM_BYTES = 4;
const LINE_END = 0x0a;

/**
 * The code by part, of the bytes of a file; empty if they were written under another key. V8 runs what it is given
 * without checking it, so bytes that are not as they were written are taken for none.
 */
export function keptCode(file: Buffer, key: string): Map<string, Buffer> {
  const kept = new Map<string, Buffer>();
  const checked = file.subarray(CHECKSUM_BYTES);
  if (file.length < CHECKSUM_BYTES || file.readUInt32LE(0) !== checksumOf(checked)) return kept;
  const headEnd = checked.indexOf(LINE_END);
  const head: Head = JSON.parse(checked.toString('latin1', 0, headEnd));
  if (head.key !== key) return kept;
  let at = headEnd + 1;
  for (const [name, sizeBytes] of head.parts) {
    kept.set(name, checked.subarray(at, at + sizeBytes));
    at += sizeBytes;
  }
  return kept;
}

/** The bytes of a file that `keptCode` reads. */
export function keptCodeFile(key: string, code: ReadonlyMap<string, Buffer>): Buffer {
  const head: Head = { key, parts: [...code].map(([name, { length }]) => [name, length]) };
  const checked = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...code.values()]);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(checksumOf(checked));
  return Buffer.concat([checksum, checked]);
}

/** The bytes of the file; empty if there is none, or if it is not this user's own: what is in it will be run. */
export function readKeptCode(path: string, uid: number | undefined): Buffer {
  const nothing = Buffer.alloc(0);
  try {
    const descriptor = openSync(path, 'r');
    try {
      return fstatSync(descriptor).uid === (uid ?? 0) ? readFileSync(descriptor) : nothing;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return nothing;
  }
}

/** Writes the file anew, in one step, for this user alone; where that is not possible, nothing is changed. */
export function writeKeptCode(
  path: string,
  pid: number,
  key: string,
  code: ReadonlyMap<string, Buffer>,
): void {
  const part = `${path}.${pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(part, keptCodeFile(key, code), { mode: 0o600, flag: 'wx' });
    renameSync(part, path);
  } catch {
    removeIfThere(part);
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where there is no folder there is no file.
  }
}
