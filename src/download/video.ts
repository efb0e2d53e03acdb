/** The whole story of one download, in order: look at the target, fetch until whole, publish, or take it back. */
import { BodyError, LocalError } from '../errors.ts';
import { makeFoldersBelow, pathFrom } from '../folders.ts';
import type { Container } from '../isobmff/signature.ts';
import type { VideoFacts } from '../record.ts';
import type { Proof } from './body-check.ts';
import type { DownloadContext } from './context.ts';
import { checkFile } from './existing.ts';
import type { VideoTask } from './plan.ts';
import { lookAtTarget, type Target } from './target.ts';
import { Tries } from './tries.ts';

/** How a video came to be in its place. */
export interface DownloadResult {
  readonly status: 'downloaded' | 'skipped';
  readonly proof: Proof;
}

/**
 * Downloads one video into its place. Resolves only when the target holds exactly the bytes that the server
 * has, as far as can be proved; rejects with a MaviError otherwise, and the target is what it was before.
 * `facts` is kept up to date for the record, in failure too.
 */
export async function downloadVideo(
  task: VideoTask,
  context: DownloadContext,
  facts: VideoFacts,
): Promise<DownloadResult> {
  const { host, report } = context;
  const targets = await lookAtTargets(task, context);
  const existing = [...targets.values()].find((target) => target.existing !== null);
  if (existing !== undefined && task.whenExists === 'skip') return skip(existing, task, context, facts);
  if (existing !== undefined && task.whenExists === 'refuse') throw alreadyThere(existing, task);

  const settle = context.budget.begin(task.listedSize);
  report({ kind: 'begun', videoNo: task.videoNo, file: facts.file });
  const tries = new Tries(task, context, facts, targets);
  try {
    const { proof, sink } = await tries.untilWhole();
    report({ kind: 'finishing', videoNo: task.videoNo });
    if (host.interrupt.aborted) throw host.interrupt.reason;
    const untidy = await sink.publish();
    return { status: 'downloaded', proof: { ...proof, warnings: [...proof.warnings, ...untidy] } };
  } catch (error) {
    facts.bytes = null;
    await tries.discard();
    throw error;
  } finally {
    settle(facts.receivedBytes);
  }
}

/** Looks at every name that the video may get; none for standard output. */
async function lookAtTargets(
  { destination }: VideoTask,
  { host, removeStalePartials }: DownloadContext,
): Promise<ReadonlyMap<Container, Target>> {
  const targets = new Map<Container, Target>();
  if (destination.kind === 'stdout') return targets;
  for (const container of destination.containers) {
    const { root } = destination;
    const name = destination.nameFor(container);
    if (root !== undefined) await makeFoldersBelow(pathFrom(host.cwd, root), pathFrom(host.cwd, name), name);
    const target = await lookAtTarget(name, host.cwd);
    if (target.kind === 'file') await removeStalePartials(target.path);
    targets.set(container, target);
  }
  return targets;
}

/** Counts a file as done if it passes the same check as a download. */
async function skip(
  target: Target,
  task: VideoTask,
  context: DownloadContext,
  facts: VideoFacts,
): Promise<DownloadResult> {
  facts.file = target.shown;
  const { listedSize } = task;
  const check = { ...context.rules, listedSize, signal: context.host.interrupt };
  try {
    const { bytes, brand, sha256, verified, warnings } = await checkFile(target.path, target.shown, check);
    Object.assign(facts, { bytes, brand, sha256 });
    return { status: 'skipped', proof: { verified, warnings } };
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new LocalError(
      'not_whole',
      `${target.shown} is there, but it is no whole video: ${error.message}`,
      {
        hint: task.notWholeHint,
        cause: error,
      },
    );
  }
}

function alreadyThere(target: Target, { existsHint, changedFrom }: VideoTask): LocalError {
  if (changedFrom !== undefined) {
    const text = `${target.shown} has changed since it was recorded with ${changedFrom} bytes`;
    return new LocalError('changed', text, { hint: existsHint });
  }
  return new LocalError('exists', `${target.shown} exists already`, { hint: existsHint });
}
