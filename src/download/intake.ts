/** Takes answers into the sink: classifies each, and keeps what has come over several of them. */
import type { VideoAnswer } from '../api/client.ts';
import { NetworkError, RefusedError } from '../errors.ts';
import type { Container } from '../isobmff/signature.ts';
import type { VideoFacts } from '../record.ts';
import type { DownloadContext } from './context.ts';
import { Delivery, type Resumable } from './delivery.ts';
import { readOpening } from './opening.ts';
import type { VideoTask } from './plan.ts';
import { continuesAt, endsAt, strongEtag, totalOf } from './range.ts';
import { deviceSink, fileSink, type Sink, stdoutSink } from './sink.ts';
import { type Target, temporaryPath } from './target.ts';
import { FILE_BATCH_BYTES, transfer } from './transfer.ts';

/** What takes the answers for one video. */
export class Intake {
  readonly #task: VideoTask;
  readonly #context: DownloadContext;
  readonly #facts: VideoFacts;
  readonly #targets: ReadonlyMap<Container, Target>;
  #delivery: Delivery | null = null;
  #mayRange = true;

  constructor(
    task: VideoTask,
    context: DownloadContext,
    facts: VideoFacts,
    targets: ReadonlyMap<Container, Target>,
  ) {
    this.#task = task;
    this.#context = context;
    this.#facts = facts;
    this.#targets = targets;
  }

  /** Where a broken pass can go on; null if the next one begins at the first byte. */
  get resumable(): Resumable | null {
    return this.#mayRange ? (this.#delivery?.resumable ?? null) : null;
  }

  /** No part of what has come is to be built on. */
  forgetPass(): void {
    this.#delivery?.forgetPass();
  }

  /** What the next try fetches, in words, none for all of it; starting over is never called going on. */
  howNext(): string {
    const delivery = this.#delivery;
    if (delivery === null) return '';
    const from = this.resumable;
    if (from !== null) return `going on at byte ${from.offset}`;
    if (delivery.isCommitted) return 'fetching it again, and checking that it begins with the same bytes';
    return delivery.receivedBytes > 0 ? 'starting over; the bytes are fetched, and billed, again' : '';
  }

  /** Takes back what was written. Never throws. */
  async discard(): Promise<void> {
    await this.#delivery?.sink.discard();
  }

  /**
   * Takes a body into the sink to its end: the rest of a broken pass, or a pass from the first byte. Throws
   * what broke it off, or what makes it no video to take.
   */
  async take(answer: VideoAnswer): Promise<Delivery> {
    const broken = this.resumable;
    if (answer.status === 206 || answer.status === 416) {
      if (broken === null || this.#delivery === null) {
        throw new RefusedError(
          'bad_range',
          'the server answers with a part that was not asked for (HTTP 206)',
          { hint: 'check whether a proxy stands between' },
        );
      }
      return this.#takeRest(answer, broken, this.#delivery);
    }
    const { opening, first } = await readOpening(answer, this.#context.rules);
    this.#facts.brand = opening.brand;
    this.#facts.expectedSize = this.#task.listedSize ?? answer.contentLength;
    const delivery = await this.#deliveryFor(opening.container);
    await delivery.begin(answer.contentLength, strongEtag(answer.headers));
    return this.#receiveBody(answer, first, delivery);
  }

  /** Takes what follows the bytes that have come, or the word that nothing does. */
  async #takeRest(answer: VideoAnswer, broken: Resumable, delivery: Delivery): Promise<Delivery> {
    const { headers, status } = answer;
    if (status === 416 && endsAt(headers, broken, delivery.transferSize)) {
      answer.body.abort(new NetworkError('refused', 'not read'));
      delivery.resume(broken.offset);
      return delivery;
    }
    if (status !== 206 || !continuesAt(headers, broken, delivery.transferSize)) {
      this.#mayRange = false;
      throw new NetworkError('bad_range', 'the server answers with another part than was asked for', {
        hint: 'check whether a proxy stands between',
      });
    }
    delivery.resume(totalOf(headers));
    return this.#receiveBody(answer, [], delivery);
  }

  /** The delivery for a container; one for another container, which a file would be misnamed by, is discarded. */
  async #deliveryFor(container: Container | null): Promise<Delivery> {
    if (this.#delivery !== null) {
      if (this.#delivery.container === container || this.#delivery.sink.restart === null)
        return this.#delivery;
      await this.#delivery.sink.discard();
      this.#delivery = null;
    }
    const { rules } = this.#context;
    const sink = await this.#openSink(container);
    this.#delivery = new Delivery(sink, container, rules.level, rules.checksum);
    return this.#delivery;
  }

  async #openSink(container: Container | null): Promise<Sink> {
    const { fileSystem, host, owner } = this.#context;
    const { destination, whenExists } = this.#task;
    if (destination.kind === 'stdout') return stdoutSink(host.stdout, host.interrupt);
    const target =
      (container === null ? undefined : this.#targets.get(container)) ?? this.#targets.get('mp4');
    if (target === undefined) throw new Error(`no target for ${container}`);
    this.#facts.file = target.shown;
    if (target.kind === 'device') return deviceSink(fileSystem, target, host.interrupt);
    const temporary = temporaryPath(target.path, owner);
    const force = whenExists === 'force';
    return fileSink({ fileSystem, clock: host.clock, target, temporary, force, signal: host.interrupt });
  }

  async #receiveBody(
    answer: VideoAnswer,
    first: readonly Uint8Array[],
    delivery: Delivery,
  ): Promise<Delivery> {
    const { clock } = this.#context.host;
    await transfer(answer.body, first, {
      clock,
      throttle: this.#context.throttle,
      // Whoever reads a pipe wants the bytes as they come; a file takes them in larger pieces.
      batchBytes: delivery.sink.restart === null ? 1 : FILE_BATCH_BYTES,
      write: (batch) => delivery.write(batch),
      inspect: (chunk) => {
        const wanted = delivery.inspect(chunk);
        this.#reportProgress(delivery);
        return wanted;
      },
    });
    return delivery;
  }

  #reportProgress(delivery: Delivery): void {
    const { videoNo, listedSize } = this.#task;
    const receivedBytes = delivery.receivedBytes;
    const told = delivery.transferSize ?? listedSize;
    const byBoxes = delivery.sizeByBoxes;
    this.#context.report({
      kind: 'receiving',
      videoNo,
      receivedBytes,
      totalBytes: told ?? byBoxes?.bytes ?? null,
      mayGrow: told === null && (byBoxes?.mayGrow ?? true),
    });
  }
}
