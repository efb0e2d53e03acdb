import type { Attempt } from './attempt.ts';

/** The verdict on one attempt. */
export interface Verdict {
  /** Exit 0 without the correct video: a script that trusts the exit code continues with the wrong file. */
  readonly silentlyWrong: boolean;
  /** A reported failure that leaves something else under the video's name, or a good file destroyed. */
  readonly leavesDamage: boolean;
  readonly givesKeyAway: boolean;
  readonly neverEnds: boolean;
  readonly complete: boolean;
}

/** Judges an attempt; `hadOld` says whether a good file existed before. */
export function verdictOn(attempt: Attempt, hadOld: boolean): Verdict {
  const { exits, remains } = attempt;
  const complete = remains.kind === 'complete';
  const silentlyWrong = !complete && exits.includes(0);
  const damaged = remains.kind === 'wrong' || (hadOld && remains.kind === 'nothing');
  return {
    silentlyWrong,
    leavesDamage: !silentlyWrong && damaged,
    givesKeyAway: attempt.keyGivenAway === true,
    neverEnds: exits.includes(null),
    complete,
  };
}
