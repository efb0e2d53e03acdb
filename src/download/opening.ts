/** Reads just so much of a body that it can be told what it is: nothing is written before. */
import type { VideoAnswer } from '../api/client.ts';
import { ENVELOPE_BYTES } from '../api/envelope.ts';
import { NetworkError } from '../errors.ts';
import { type CheckRules, type Opening, refuseSignature, sniff } from './sniff.ts';

/** A body that may be taken, and what of it has been read. */
export interface Opened {
  readonly opening: Extract<Opening, { kind: 'accepted' }>;
  readonly first: readonly Uint8Array[];
}

/**
 * Reads the opening of a body and leaves the body paused. Throws what the opening means if it is no video to
 * take: a body that is none is broken off at once, for its bytes are billed.
 */
export async function readOpening(answer: VideoAnswer, rules: CheckRules): Promise<Opened> {
  const { body } = answer;
  const first: Uint8Array[] = [];
  const opening = await gather(answer, first, (bytes, ended) => {
    const judged = sniff(bytes, ended, rules);
    return judged.kind === 'more' ? null : judged;
  });
  if (opening.kind === 'accepted') return { opening, first };
  if (opening.kind === 'json') {
    const text = await gather(answer, first, (bytes, ended) =>
      ended || bytes.length > ENVELOPE_BYTES ? bytes.toString('utf8') : null,
    );
    const refused = refuseSignature('json') as Extract<Opening, { kind: 'refused' }>;
    const error = answer.errorFrom(text) ?? refused.error;
    body.abort(error);
    throw error;
  }
  const error = opening.kind === 'refused' ? opening.error : new NetworkError('network', 'nothing came');
  body.abort(error);
  throw error;
}

/** Adds to `first` until `decide` has an answer; it is asked once more when the body has ended. */
async function gather<T>(
  { body }: VideoAnswer,
  first: Uint8Array[],
  decide: (bytes: Buffer, ended: boolean) => T | null,
): Promise<T> {
  let answer: T | null = null;
  const decided = new Promise<void>((resolve) => {
    body.use((chunk) => {
      first.push(chunk);
      // A chunk that is on its way while the body is being paused still counts.
      if (answer !== null) return;
      answer = decide(Buffer.concat(first), false);
      if (answer === null) return;
      body.pause();
      resolve();
    });
  });
  body.resume();
  await Promise.race([decided, body.finished]);
  return answer ?? (decide(Buffer.concat(first), true) as T);
}
