/** What already has the name of a video, and whether it is complete: the same check as for a download. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ENVELOPE_BYTES } from '../api/envelope.ts';
import { BodyError, LocalError, localError } from '../errors.ts';
import { makeFoldersBelow, pathFrom } from '../folders.ts';
import type { Container } from '../isobmff/signature.ts';
import type { ActiveDownload } from './accept.ts';
import { BodyCheck, type KnownFacts, type Proof } from './body-check.ts';
import type { DownloadRules, VideoTask } from './plan.ts';
import { sniff, wrongFormat } from './sniff.ts';
import { lookAtTarget, type Target } from './target.ts';

/** Looks at every name that the video may get; none for standard output. */
export async function lookAtTargets({
  task: { destination, whenExists },
  context: { host, partialFiles },
}: ActiveDownload): Promise<ReadonlyMap<Container, Target>> {
  const targets = new Map<Container, Target>();
  if (destination.kind === 'stdout') return targets;
  const { containers, nameFor, root, followsLinks } = destination;
  const keeps = whenExists === 'skip';
  for (const container of containers) {
    const name = nameFor(container);
    if (root !== undefined) await makeFoldersBelow(pathFrom(host.cwd, root), pathFrom(host.cwd, name), name);
    const target = await lookAtTarget(name, host, followsLinks, keeps);
    if (target.kind === 'file') await partialFiles.removeStale(target.path);
    targets.set(container, target);
  }
  const isNew = [...targets.values()].every(({ existing }) => existing === null);
  // Nothing is kept, so something is written after all.
  if (keeps && isNew) await lookAtTarget(nameFor('mp4'), host, followsLinks);
  return targets;
}

/** Checks a file that is to be kept. Throws LocalError unless it would pass as a download. */
export async function checkExisting(target: Target, download: ActiveDownload): Promise<Proof> {
  const { task, context, record } = download;
  record.file = target.shown;
  const check = { ...context.rules, ...listedOf(task), signal: context.host.interrupt };
  try {
    const { bytes, brand, sha256, verified, warnings } = await checkFile(target.path, target.shown, check);
    Object.assign(record, { bytes, brand, sha256 });
    return { verified, warnings };
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    const text = `${target.shown} exists but is not a complete video: ${error.message}`;
    throw new LocalError('not_whole', text, { hint: task.incompleteHint, cause: error });
  }
}

/** The error where a file has the name and is neither kept nor replaced. */
export function alreadyExists({ shown }: Target, { existsHint: hint, changedFrom }: VideoTask): LocalError {
  if (changedFrom === undefined) return new LocalError('exists', `${shown} already exists`, { hint });
  const text = `${shown} has changed since it was recorded with ${changedFrom} bytes`;
  return new LocalError('changed', text, { hint });
}

/** What the listing says about a video, for the check. */
export function listedOf({ listedSize, listed }: VideoTask): Omit<KnownFacts, 'transferSize'> {
  return { listedSize, listedDuration: listed?.duration ?? null };
}

type FileCheck = DownloadRules & Omit<KnownFacts, 'transferSize'> & { readonly signal: AbortSignal };

const READ_BYTES = 1024 * 1024;

/** Checks a file; `shown` is what messages call it. Throws BodyError for an incomplete video, LocalError. */
export async function checkFile(path: string, shown: string, rules: FileCheck) {
  let handle: FileHandle | null = null;
  try {
    // Opening a FIFO would wait for a writer; Windows has neither FIFOs nor the flag.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return await checkOpenFile(handle, shown, rules);
  } catch (error) {
    throw localError(error, shown, 'read');
  } finally {
    await handle?.close().catch(() => {});
  }
}

async function checkOpenFile(handle: FileHandle, shown: string, rules: FileCheck) {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const read = async (position: number, maxBytes: number): Promise<Buffer> => {
    if (rules.signal.aborted) throw rules.signal.reason;
    const { bytesRead } = await handle.read(buffer, 0, maxBytes, position);
    return buffer.subarray(0, bytesRead);
  };
  const found = await handle.stat();
  // To read a folder fails by itself; anything else has no size.
  if (!found.isFile() && !found.isDirectory()) {
    const text = `cannot read ${shown}: it is not a regular file`;
    throw new LocalError('not_a_file', text, { hint: 'name a video file' });
  }
  const opening = sniff(Buffer.from(await read(0, ENVELOPE_BYTES)), true, rules);
  if (opening.kind === 'refused') throw opening.error;
  if (opening.kind !== 'accepted') throw wrongFormat('json');
  const check = new BodyCheck(rules, opening.container);
  const hash = rules.checksum ? createHash('sha256') : null;
  while (check.bytes < found.size) {
    // Media is read only to be hashed, or for a deep check.
    const jump = hash === null ? Math.min(check.skippable, found.size - check.bytes) : 0;
    if (jump > 0) check.skip(jump);
    else {
      const chunk = await read(check.bytes, READ_BYTES);
      if (chunk.length === 0) break;
      hash?.update(chunk);
      check.push(chunk);
    }
  }
  const proof = await check.prove({ ...rules, transferSize: null }, read);
  return { ...proof, bytes: check.bytes, brand: opening.brand, sha256: hash?.digest('hex') ?? null };
}
