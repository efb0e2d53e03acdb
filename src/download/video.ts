/** The whole story of one download, in order: look at the target, ask, check, write, try again, publish. */
import type { Client, VideoAnswer } from '../api/client.ts';
import { decide } from '../api/retry.ts';
import {
  BodyError,
  LocalError,
  MaviError,
  NetworkError,
  RateLimitError,
  RefusedError,
  TruncatedError,
} from '../errors.ts';
import { type Host, sleep } from '../host.ts';
import type { Container } from '../isobmff/signature.ts';
import type { Report } from '../progress/events.ts';
import type { Settings } from '../settings/settings.ts';
import type { Budget } from './budget.ts';
import type { Proof } from './check.ts';
import { Delivery } from './delivery.ts';
import { checkFile } from './existing.ts';
import type { FileSystem } from './file-system.ts';
import type { Sweep } from './leftovers.ts';
import { readOpening } from './opening.ts';
import type { DownloadRules, VideoTask } from './plan.ts';
import { continuesAt, strongEtag, totalOf } from './range.ts';
import { fileSink, type Sink, stdoutSink, straightSink } from './sink.ts';
import { lookAtTarget, type Owner, type Target, temporaryPath } from './target.ts';
import type { Throttle } from './throttle.ts';
import { FILE_BATCH_BYTES, transfer } from './transfer.ts';

/** What every download of a run shares. */
export interface VideoTools {
  readonly host: Host;
  readonly client: Client;
  readonly settings: Settings;
  readonly rules: DownloadRules;
  readonly fileSystem: FileSystem;
  readonly owner: Owner;
  readonly sweep: Sweep;
  readonly throttle: Throttle | null;
  readonly budget: Budget;
  readonly report: Report;
  /** Ends every request that has no answer yet, and every pause; a body that is coming goes on. */
  readonly stop: AbortSignal;
}

/** What is known of a video so far; complete when it is downloaded. */
export interface Progress {
  attempts: number;
  receivedBytes: number;
  expectedSize: number | null;
  file: string | null;
  brand: string | null;
  sha256: string | null;
  bytes: number | null;
}

/** How a video came to be in its place. */
export interface Arrival {
  readonly status: 'downloaded' | 'skipped';
  readonly proof: Proof;
}

/** How often the progress of a transfer is told, in milliseconds. */
const TELL_EVERY_MS = 100;

/**
 * Downloads one video into its place. Resolves only when the target holds exactly the bytes that the server
 * has, as far as can be proved; rejects with a MaviError otherwise, and the target is what it was before.
 * `progress` is kept up to date for the record, in failure too.
 */
export async function downloadVideo(
  task: VideoTask,
  tools: VideoTools,
  progress: Progress,
): Promise<Arrival> {
  const { host, report } = tools;
  const targets = await lookAtTargets(task, tools);
  const existing = [...targets.values()].find((target) => target.existing !== null);
  if (existing !== undefined && task.whenExists === 'skip') return skip(existing, task, tools, progress);
  if (existing !== undefined && task.whenExists === 'refuse') throw alreadyThere(existing, task);

  const spend = tools.budget.begin(task.listedSize);
  report({ kind: 'begun', videoNo: task.videoNo, file: progress.file });
  const fetching = new Fetching(task, tools, progress, targets);
  try {
    const { proof, sink } = await fetching.untilWhole();
    report({ kind: 'finishing', videoNo: task.videoNo });
    if (host.interrupt.aborted) throw host.interrupt.reason;
    const untidy = await sink.publish();
    return { status: 'downloaded', proof: { ...proof, warnings: [...proof.warnings, ...untidy] } };
  } catch (error) {
    progress.bytes = null;
    await fetching.discard();
    throw error;
  } finally {
    spend(progress.receivedBytes);
  }
}

/** Looks at every name that the video may get; none for standard output. */
async function lookAtTargets(
  { place }: VideoTask,
  { host, sweep }: VideoTools,
): Promise<ReadonlyMap<Container, Target>> {
  const targets = new Map<Container, Target>();
  if (place.kind === 'stdout') return targets;
  for (const container of place.containers) {
    const target = await lookAtTarget(place.nameFor(container), host.cwd);
    if (target.kind === 'file') await sweep(target.path);
    targets.set(container, target);
  }
  return targets;
}

/** Counts a file as done if it passes the same check as a download. */
async function skip(
  target: Target,
  task: VideoTask,
  tools: VideoTools,
  progress: Progress,
): Promise<Arrival> {
  progress.file = target.shown;
  const { listedSize } = task;
  const check = { ...tools.rules, listedSize, signal: tools.host.interrupt };
  try {
    const { bytes, brand, sha256, verified, warnings } = await checkFile(target.path, target.shown, check);
    Object.assign(progress, { bytes, brand, sha256 });
    return { status: 'skipped', proof: { verified, warnings } };
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new LocalError(
      'not_whole',
      `${target.shown} is there, but it is no whole video: ${error.message}`,
      {
        hint: 'it is left as it is; replace it with --force',
        cause: error,
      },
    );
  }
}

function alreadyThere(target: Target, { existsHint }: VideoTask): LocalError {
  return new LocalError('exists', `${target.shown} exists already`, { hint: existsHint });
}

/** The tries for one video. */
class Fetching {
  readonly #task: VideoTask;
  readonly #tools: VideoTools;
  readonly #progress: Progress;
  readonly #targets: ReadonlyMap<Container, Target>;
  #delivery: Delivery | null = null;
  #mayRange = true;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    task: VideoTask,
    tools: VideoTools,
    progress: Progress,
    targets: ReadonlyMap<Container, Target>,
  ) {
    this.#task = task;
    this.#tools = tools;
    this.#progress = progress;
    this.#targets = targets;
  }

  /** Tries until a whole video has come, or the failure is final. */
  async untilWhole(): Promise<{ proof: Proof; sink: Sink }> {
    const { host, settings } = this.#tools;
    const cutLengths: number[] = [];
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#once();
      } catch (error) {
        if (!(error instanceof MaviError)) throw error;
        const tries = { failures, retries: settings.retries, cutLengths };
        const nowMs = host.clock.nowMs();
        const decision = decide(error, tries, host.random(), nowMs);
        if (decision.kind === 'final') throw decision.error;
        if (error instanceof TruncatedError) {
          cutLengths.push(error.lengthBytes);
          this.#delivery?.forgetPass();
        }
        await this.#waitAfter(error, nowMs + decision.delayMs, decision.delayMs);
      }
    }
  }

  /** Takes back what was written. */
  async discard(): Promise<void> {
    await this.#delivery?.sink.discard();
  }

  async #waitAfter(error: MaviError, untilMs: number, delayMs: number): Promise<void> {
    const { client, host, report, stop } = this.#tools;
    const { videoNo } = this.#task;
    const attempt = this.#progress.attempts + 1;
    report({ kind: 'retrying', videoNo, why: error.message, untilMs, attempt, how: this.#howNext() });
    if (error instanceof RateLimitError) await client.pushBack(untilMs);
    await sleep(host.clock, delayMs, stop);
  }

  /** What the next try fetches, in words; starting over is never called going on. */
  #howNext(): string {
    const delivery = this.#delivery;
    if (delivery === null) return 'trying again';
    const from = this.#mayRange ? delivery.resumable : null;
    if (from !== null) return `going on at byte ${from.offset}`;
    if (delivery.isCommitted) return 'fetching it again, and checking that it begins with the same bytes';
    return delivery.receivedBytes > 0
      ? 'starting over; the bytes are fetched, and billed, again'
      : 'trying again';
  }

  /** One request, and its body to the end. */
  async #once(): Promise<{ proof: Proof; sink: Sink }> {
    const answer = await this.#ask();
    try {
      const delivery = await this.#deliver(answer);
      const proof = delivery.prove(this.#task.listedSize);
      Object.assign(this.#progress, { bytes: delivery.receivedBytes, sha256: delivery.sha256() });
      return { proof, sink: delivery.sink };
    } catch (error) {
      answer.body.giveUp(error);
      throw error;
    } finally {
      this.#progress.receivedBytes += answer.body.wireBytes;
    }
  }

  #ask(): Promise<VideoAnswer> {
    const { client, host, report, stop } = this.#tools;
    const { videoNo } = this.#task;
    const progress = this.#progress;
    return client.download(videoNo, {
      signal: stop,
      bodySignal: host.interrupt,
      from: (this.#mayRange && this.#delivery?.resumable) || undefined,
      onWait: (untilMs) => report({ kind: 'waiting', videoNo, untilMs }),
      onStart: () => {
        progress.attempts += 1;
        report({ kind: 'requesting', videoNo, attempt: progress.attempts });
      },
      onDiscarded: (bytes) => {
        progress.receivedBytes += bytes;
      },
    });
  }

  /** Brings the body into the sink: the rest of a broken pass, or a pass from the first byte. */
  async #deliver(answer: VideoAnswer): Promise<Delivery> {
    const broken = this.#mayRange ? (this.#delivery?.resumable ?? null) : null;
    if (answer.status === 206) {
      if (broken === null || this.#delivery === null) {
        throw new RefusedError(
          'bad_range',
          'the server answers with a part that was not asked for (HTTP 206)',
        );
      }
      if (!continuesAt(answer.headers, broken, this.#delivery.transferSize)) {
        this.#mayRange = false;
        throw new NetworkError('bad_range', 'the server answers with another part than was asked for');
      }
      this.#delivery.goOn(totalOf(answer.headers));
      return this.#pour(answer, [], this.#delivery);
    }
    const { opening, first } = await readOpening(answer, this.#tools.rules);
    this.#progress.brand = opening.brand;
    this.#progress.expectedSize = this.#task.listedSize ?? answer.contentLength;
    const delivery = await this.#deliveryFor(opening.container);
    await delivery.begin(answer.contentLength, strongEtag(answer.headers));
    return this.#pour(answer, first, delivery);
  }

  /** The delivery for a container; one for another container, which a file would be misnamed by, is discarded. */
  async #deliveryFor(container: Container | null): Promise<Delivery> {
    if (this.#delivery !== null) {
      if (this.#delivery.container === container || this.#delivery.sink.restart === null)
        return this.#delivery;
      await this.#delivery.sink.discard();
      this.#delivery = null;
    }
    const { rules } = this.#tools;
    const sink = await this.#openSink(container);
    this.#delivery = new Delivery(sink, container, rules.level, rules.checksum);
    return this.#delivery;
  }

  async #openSink(container: Container | null): Promise<Sink> {
    const { fileSystem, host, owner } = this.#tools;
    const { place, whenExists } = this.#task;
    if (place.kind === 'stdout') return stdoutSink(host.stdout, host.interrupt);
    const target =
      (container === null ? undefined : this.#targets.get(container)) ?? this.#targets.get('mp4');
    if (target === undefined) throw new Error(`no target for ${container}`);
    this.#progress.file = target.shown;
    if (target.kind === 'straight') return straightSink(fileSystem, target, host.interrupt);
    const temporary = temporaryPath(target.path, owner);
    return fileSink({ fileSystem, clock: host.clock, target, temporary, force: whenExists === 'force' });
  }

  async #pour(answer: VideoAnswer, first: readonly Uint8Array[], delivery: Delivery): Promise<Delivery> {
    const { clock } = this.#tools.host;
    await transfer(answer.body, first, {
      clock,
      throttle: this.#tools.throttle,
      // Whoever reads a pipe wants the bytes as they come; a file takes them in larger pieces.
      batchBytes: delivery.sink.restart === null ? 1 : FILE_BATCH_BYTES,
      write: (batch) => delivery.write(batch),
      inspect: (chunk) => {
        const wanted = delivery.inspect(chunk);
        const nowMs = clock.ticksMs();
        if (nowMs - this.#toldAtMs >= TELL_EVERY_MS) {
          this.#toldAtMs = nowMs;
          this.#tell(delivery);
        }
        return wanted;
      },
    });
    this.#tell(delivery);
    return delivery;
  }

  #tell(delivery: Delivery): void {
    const { videoNo, listedSize } = this.#task;
    const receivedBytes = delivery.receivedBytes;
    const told = delivery.transferSize ?? listedSize;
    const byBoxes = delivery.sizeByBoxes;
    this.#tools.report({
      kind: 'receiving',
      videoNo,
      receivedBytes,
      totalBytes: told ?? byBoxes?.bytes ?? null,
      mayGrow: told === null && (byBoxes?.mayGrow ?? true),
    });
  }
}
