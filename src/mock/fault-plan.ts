import type { Content } from './answer.ts';
import { type Fault, type FaultName, parseFaults } from './fault-names.ts';
import { type FaultAction, RESPONSE_FAULTS } from './fault-responses.ts';
import { TRANSFER_FAULTS } from './fault-transfers.ts';
import type { Exchange, MockOptions } from './options.ts';

/** Which fault each request meets. */
export interface FaultPlan {
  /** The fault of the next request for a thing; counts that request. */
  next(name: string): Fault | undefined;
  /** Whether a thing's faults make sense only where ranges are offered. */
  needsRanges(name: string): boolean;
}

const RANGE_FAULTS: readonly FaultName[] = ['range-ignored', 'bad-range', 'other-etag', 'if-range-ignored'];
const DEFAULT_LIMITED_SECONDS = 60;

/**
 * Plans the faults of an option: one text for all, or texts by name with `*` for the others.
 * Each name counts its own requests; a fault for a time counts from now on and leaves the requests uncounted.
 * @throws SyntaxError where a text is none
 */
export function faultPlan(option: MockOptions['faults'], nowMs: () => number): FaultPlan {
  const startedAtMs = nowMs();
  const texts = typeof option === 'string' ? { '*': option } : (option ?? {});
  const chains = new Map(Object.entries(texts).map(([name, text]) => [name, parseFaults(text)]));
  const chainOf = (name: string) => chains.get(name) ?? chains.get('*') ?? [];
  const requests = new Map<string, number>();
  const count = (name: string): number => {
    const before = requests.get(name) ?? 0;
    requests.set(name, before + 1);
    return before;
  };

  return {
    next(name) {
      const chain = chainOf(name);
      const timed = chain.find((fault) => fault.name === 'rate-limit-for');
      const seconds = Number(timed?.value ?? DEFAULT_LIMITED_SECONDS);
      const isOver = nowMs() - startedAtMs >= seconds * 1000;
      if (timed && !isOver && count(`limited ${name}`) < timed.times) return timed;
      let before = count(name);
      for (const fault of chain) {
        if (fault === timed) continue;
        if (before < fault.times) return fault;
        before -= fault.times;
      }
      return undefined;
    },
    needsRanges: (name) => chainOf(name).some((fault) => RANGE_FAULTS.includes(fault.name)),
  };
}

/** Checked against the table of names: a fault that is promised and not made does not compile. */
const ACTIONS: Record<FaultName, FaultAction> = {
  ...RESPONSE_FAULTS,
  ...TRANSFER_FAULTS,
};

/** Answers with a fault where a good answer would have carried `content`. */
export async function applyFault(exchange: Exchange, content: Content, fault: Fault): Promise<void> {
  exchange.record.fault = fault.text;
  await ACTIONS[fault.name](exchange, content, fault);
}
