/** Whether a file on disk is a complete video: the same check as for a download, reading no more than it needs. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ENVELOPE_BYTES } from '../api/envelope.ts';
import { BodyError, LocalError } from '../errors.ts';
import { localError } from '../local-error.ts';
import { BodyCheck, type Proof } from './body-check.ts';
import { type CheckRules, refuseSignature, sniff } from './sniff.ts';

/** What a checked file is. */
export interface CheckedFile extends Proof {
  readonly bytes: number;
  readonly brand: string | null;
  /** Lower-case hexadecimal; null unless asked for. */
  readonly sha256: string | null;
}

/** What is asked of a file. */
export interface FileCheck extends CheckRules {
  readonly checksum: boolean;
  readonly listedSize: number | null;
  readonly listedDuration: number | null;
  readonly signal: AbortSignal;
}

const READ_BYTES = 1024 * 1024;

/**
 * Checks a file. Throws BodyError (exit 5) if it is not a complete video, LocalError (exit 7) if it can't be read.
 * @param path where it is; `shown` is what messages call it
 */
export async function checkFile(path: string, shown: string, rules: FileCheck): Promise<CheckedFile> {
  const handle = await openFile(path, shown);
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const read = async (position: number, most: number): Promise<Buffer> => {
      if (rules.signal.aborted) throw rules.signal.reason;
      const { bytesRead } = await handle.read(buffer, 0, most, position);
      return buffer.subarray(0, bytesRead);
    };
    const first = Buffer.from(await read(0, ENVELOPE_BYTES));
    const opening = sniff(first, true, rules);
    if (opening.kind === 'refused') throw opening.error;
    if (opening.kind !== 'accepted') {
      const refused = refuseSignature('json');
      throw refused.kind === 'refused' ? refused.error : new BodyError('not_video', 'it is not a video');
    }
    const check = new BodyCheck(rules, opening.container);
    const hash = rules.checksum ? createHash('sha256') : null;
    const { size } = await handle.stat();
    while (check.bytes < size) {
      // Media is read only to be hashed, or as far as it says something of itself.
      const jump = hash === null ? Math.min(check.skippable, size - check.bytes) : 0;
      if (jump > 0) check.skip(jump);
      else {
        const chunk = await read(check.bytes, READ_BYTES);
        if (chunk.length === 0) break;
        hash?.update(chunk);
        check.push(chunk);
      }
    }
    const { listedSize, listedDuration } = rules;
    const proof = await check.prove({ transferSize: null, listedSize, listedDuration }, read);
    return { ...proof, bytes: check.bytes, brand: opening.brand, sha256: hash?.digest('hex') ?? null };
  } catch (error) {
    throw localError(error, shown, 'read');
  } finally {
    await handle.close().catch(() => {});
  }
}

/** Opens a regular file or a folder: anything else has no size, and opening a FIFO would wait for a writer. */
async function openFile(path: string, shown: string): Promise<FileHandle> {
  try {
    // The flag is absent on Windows.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = await handle.stat();
    if (found.isFile() || found.isDirectory()) return handle;
    await handle.close();
    throw new LocalError('not_a_file', `cannot read ${shown}: it is not a regular file`, {
      hint: 'name a video file',
    });
  } catch (error) {
    throw localError(error, shown, 'read');
  }
}
