import { readFileSync } from 'node:fs';

/** Runs a program under strace, as the very process that was started; `--` and the program follow. */
export function strace(...args: readonly string[]): readonly string[] {
  return ['strace', '-D', '-f', '-qq', ...args, '--'];
}

/** One system call of a log, in order of completion. */
export interface SystemCall {
  readonly name: string;
  /** Its arguments, as strace writes them. */
  readonly args: string;
}

/** The calls in a log of `strace -f -o`; the two halves of one that another interrupted are put together. */
export function systemCalls(log: string): SystemCall[] {
  const begun = new Map<string, string>();
  const calls: SystemCall[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, thread = '', text = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(text)?.[1];
    if (unfinished !== undefined) begun.set(thread, unfinished);
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const whole = rest === undefined ? text : (begun.get(thread) ?? '') + rest;
    const [, name, args = ''] = (unfinished === undefined && /^(\w+)\((.*)$/.exec(whole)) || [];
    if (name !== undefined) calls.push({ name, args });
  }
  return calls;
}
