/** Fault texts, and which fault each request meets. */
import { type FaultTable, RESPONSE_FAULTS } from './fault-responses.ts';
import { TRANSFER_FAULTS } from './fault-transfers.ts';
import type { MockOptions } from './options.ts';
import { type Delivery, sendContent } from './response.ts';

/** The name of a fault. */
export type FaultName = keyof typeof TRANSFER_FAULTS | keyof typeof RESPONSE_FAULTS;

/** Every fault that the mock knows. */
export const FAULTS: Readonly<Record<FaultName, FaultTable[string]>> = {
  ...TRANSFER_FAULTS,
  ...RESPONSE_FAULTS,
};

const GRAMMAR = /^(?<name>[a-z0-9-]+?)(?:=(?<value>[^@=,]+?))?(?:@(?<offset>-?\d+))?(?:x(?<times>\d+))?$/;

/**
 * Reads a fault text: `name[=value][@offset][xN]`, chained by commas. `drop@1000x2,rate-limitx1` breaks two
 * requests, refuses one, and responds well from then on. An empty text is no fault.
 * @throws SyntaxError that says what is wrong
 */
export function parseFaults(text: string) {
  if (text.trim() === '') return [];
  const faults = text.split(',').map((part) => parseFault(part.trim()));
  for (const { name, times, text } of faults.slice(0, -1)) {
    if (times === Number.POSITIVE_INFINITY && name !== 'rate-limit-for')
      throw new SyntaxError(`'${text}' applies to every request, so nothing can follow it; write ${text}x1`);
  }
  return faults;
}

function parseFault(text: string) {
  const { name, value, offset, times } = GRAMMAR.exec(text)?.groups ?? {};
  if (name === undefined)
    throw new SyntaxError(
      `'${text}' is not a fault; write name[=value][@offset][xN], such as drop@1000x3, and a comma before the next`,
    );
  if (!Object.hasOwn(FAULTS, name)) throw new SyntaxError(`unknown fault '${name}'`);
  if (Number(times) === 0) throw new SyntaxError(`'${text}' applies to no request; write x1 or more`);
  const offsetBytes = offset === undefined ? undefined : Number(offset);
  // How many requests it applies to.
  const count = Number(times ?? Number.POSITIVE_INFINITY);
  return { name: name as FaultName, value, offsetBytes, times: count, text };
}

const RANGE_FAULTS: readonly FaultName[] = ['range-ignored', 'bad-range', 'other-etag', 'if-range-ignored'];
const DEFAULT_LIMITED_SECONDS = 60;

/**
 * Plans faults: one text for all names, or texts by name with `*` for the others. Each name counts its own requests;
 * while `rate-limit-for` lasts, requests do not count for the rest of the chain.
 * @throws SyntaxError for a bad fault text
 */
export function faultPlan(option: MockOptions['faults'] = '', nowMs: () => number) {
  const startedAtMs = nowMs();
  const texts = typeof option === 'string' ? { '*': option } : option;
  const chains = new Map(Object.entries(texts).map(([name, text]) => [name, parseFaults(text)]));
  const chainOf = (name: string) => chains.get(name) ?? chains.get('*') ?? [];
  /** The chain of each name that was asked for, with the times that are left of each fault. */
  const left = new Map<string, ReturnType<typeof parseFaults>>();

  return {
    /** The fault of the next request for a name, such as a `video_no`; counts that request. */
    next(name: string) {
      const chain = left.get(name) ?? chainOf(name).map((fault) => ({ ...fault }));
      left.set(name, chain);
      const timed = chain.find((fault) => fault.name === 'rate-limit-for');
      const limitedMs = Number(timed?.value ?? DEFAULT_LIMITED_SECONDS) * 1000;
      const isLimited = timed !== undefined && nowMs() - startedAtMs < limitedMs;
      const others = chain.filter((fault) => fault !== timed);
      const fault = (isLimited ? [timed, ...others] : others).find(({ times }) => times > 0);
      if (fault) fault.times -= 1;
      return fault;
    },
    /** Whether a name has faults that make sense only if ranges are offered. */
    needsRanges: (name: string) => chainOf(name).some((fault) => RANGE_FAULTS.includes(fault.name)),
  };
}

type FaultPlan = ReturnType<typeof faultPlan>;

/** Sends a content, or the fault that is next in the plan for a name. */
export async function sendOrFail(delivery: Delivery, plan: FaultPlan, name: string): Promise<void> {
  const fault = plan.next(name);
  if (!fault) return sendContent(delivery);
  delivery.record.fault = fault.text;
  const [, respond] = FAULTS[fault.name];
  await respond({ ...delivery, ...fault });
}
