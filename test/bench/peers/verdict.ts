import type { Attempt } from './attempt.ts';

/** What is to be said of an attempt. */
export interface Verdict {
  /** It claims success, and the video is not there: exit 0, and who relies on that goes on with the wrong thing. */
  readonly silentlyWrong: boolean;
  /** It says that it failed, and leaves what is no video under the video's name, or a good file destroyed. */
  readonly leavesDamage: boolean;
  readonly givesKeyAway: boolean;
  readonly neverEnds: boolean;
  readonly whole: boolean;
}

/** Judges an attempt. `hadOld` where a good file was there before. */
export function verdictOn(attempt: Attempt, hadOld: boolean): Verdict {
  const { exits, remains } = attempt;
  const whole = remains.kind === 'whole';
  const silentlyWrong = !whole && exits.includes(0);
  const damaged = remains.kind === 'wrong' || (hadOld && remains.kind === 'nothing');
  return {
    silentlyWrong,
    leavesDamage: !silentlyWrong && damaged,
    givesKeyAway: attempt.keyGivenAway === true,
    neverEnds: exits.includes(null),
    whole,
  };
}
