/** The tries for one video: ask, take the answer in, and decide after every failure. */
import type { VideoAnswer } from '../api/client.ts';
import { decide } from '../api/retry.ts';
import { MaviError, RateLimitError, TruncatedError } from '../errors.ts';
import { sleep } from '../host.ts';
import type { Container } from '../isobmff/signature.ts';
import type { VideoFacts } from '../record.ts';
import type { Proof } from './body-check.ts';
import type { DownloadContext } from './context.ts';
import { Intake } from './intake.ts';
import type { VideoTask } from './plan.ts';
import type { Sink } from './sink.ts';
import type { Target } from './target.ts';

/** The tries for one video. */
export class Tries {
  readonly #task: VideoTask;
  readonly #context: DownloadContext;
  readonly #facts: VideoFacts;
  readonly #intake: Intake;

  /**
   * @param facts kept up to date as requests are made and bytes come
   * @param targets where the video goes, for each container that it may turn out to be
   */
  constructor(
    task: VideoTask,
    context: DownloadContext,
    facts: VideoFacts,
    targets: ReadonlyMap<Container, Target>,
  ) {
    this.#task = task;
    this.#context = context;
    this.#facts = facts;
    this.#intake = new Intake(task, context, facts, targets);
  }

  /** Tries until a whole video has come, or the failure is final. */
  async untilWhole(): Promise<{ proof: Proof; sink: Sink }> {
    const { host, settings } = this.#context;
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
          this.#intake.forgetPass();
        }
        await this.#waitAfter(error, nowMs + decision.delayMs, decision.delayMs);
      }
    }
  }

  /** Takes back what was written. Never throws. */
  discard(): Promise<void> {
    return this.#intake.discard();
  }

  /** One request, and its body to the end. */
  async #once(): Promise<{ proof: Proof; sink: Sink }> {
    const answer = await this.#ask();
    try {
      const delivery = await this.#intake.take(answer);
      const proof = delivery.prove(this.#task.listedSize);
      Object.assign(this.#facts, { bytes: delivery.receivedBytes, sha256: delivery.sha256() });
      return { proof, sink: delivery.sink };
    } catch (error) {
      answer.body.abort(error);
      throw error;
    } finally {
      this.#facts.receivedBytes += answer.body.wireBytes;
    }
  }

  #ask(): Promise<VideoAnswer> {
    const { client, host, report, stop } = this.#context;
    const { videoNo } = this.#task;
    const facts = this.#facts;
    return client.download(videoNo, {
      signal: stop,
      bodySignal: host.interrupt,
      from: this.#intake.resumable ?? undefined,
      onWait: (untilMs) => report({ kind: 'waiting', videoNo, untilMs }),
      onStart: () => {
        facts.attempts += 1;
        report({ kind: 'requesting', videoNo, attempt: facts.attempts });
      },
      onDiscarded: (bytes) => {
        facts.receivedBytes += bytes;
      },
    });
  }

  async #waitAfter(error: MaviError, untilMs: number, delayMs: number): Promise<void> {
    const { client, host, report, stop } = this.#context;
    const { videoNo } = this.#task;
    const attempt = this.#facts.attempts + 1;
    report({ kind: 'retrying', videoNo, why: error.message, untilMs, attempt, how: this.#intake.howNext() });
    if (error instanceof RateLimitError) await client.pauseUntil(untilMs);
    await sleep(host.clock, delayMs, stop);
  }
}
