/** What already has the name of a video, and whether it is complete: the same check as for a download. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ENVELOPE_BYTES } from '../api/envelope.ts';
import { BodyError, LocalError, localError } from '../errors.ts';
import { makeFoldersBelow, pathFrom } from '../folders.ts';
import type { Container } from '../isobmff/signature.ts';
import { BodyCheck, type KnownFacts, type Proof } from './body-check.ts';
import type { ActiveDownload, DownloadContext } from './context.ts';
import type { VideoTask } from './plan.ts';
import { type CheckRules, refuseSignature, sniff } from './sniff.ts';
import { lookAtTarget, type Target } from './target.ts';

/** Looks at every name that the video may get; none for standard output. */
export async function lookAtTargets(
  { destination }: VideoTask,
  { host, partialFiles }: DownloadContext,
): Promise<ReadonlyMap<Container, Target>> {
  const targets = new Map<Container, Target>();
  if (destination.kind === 'stdout') return targets;
  for (const container of destination.containers) {
    const { root } = destination;
    const name = destination.nameFor(container);
    if (root !== undefined) await makeFoldersBelow(pathFrom(host.cwd, root), pathFrom(host.cwd, name), name);
    const target = await lookAtTarget(name, host, destination.followsLinks);
    if (target.kind === 'file') await partialFiles.removeStale(target.path);
    targets.set(container, target);
  }
  return targets;
}

/** Counts a file as done if it passes the same check as a download. */
export async function checkExisting(target: Target, download: ActiveDownload): Promise<Proof> {
  const { task, context } = download;
  download.file = target.shown;
  const check = { ...context.rules, ...listedOf(task), signal: context.host.interrupt };
  try {
    const { bytes, brand, sha256, verified, warnings } = await checkFile(target.path, target.shown, check);
    Object.assign(download, { bytes, brand, sha256 });
    return { verified, warnings };
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new LocalError(
      'not_whole',
      `${target.shown} exists but is not a complete video: ${error.message}`,
      { hint: task.notWholeHint, cause: error },
    );
  }
}

/** The error where a file has the name and is neither kept nor replaced. */
export function alreadyExists({ shown }: Target, { existsHint: hint, changedFrom }: VideoTask): LocalError {
  if (changedFrom === undefined) return new LocalError('exists', `${shown} already exists`, { hint });
  const text = `${shown} has changed since it was recorded with ${changedFrom} bytes`;
  return new LocalError('changed', text, { hint });
}

/** What the listing told for the check. */
export function listedOf({ listedSize, listed }: VideoTask): Omit<KnownFacts, 'transferSize'> {
  return { listedSize, listedDuration: listed?.duration ?? null };
}

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
