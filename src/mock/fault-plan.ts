import { type Fault, parseFaults } from './fault-text.ts';
import type { FaultName } from './faults.ts';
import type { MockOptions } from './options.ts';

/** Which fault each request meets. */
export interface FaultPlan {
  /** The fault of the next request for a thing; counts that request. */
  next(name: string): Fault | undefined;
  /** Whether a thing's faults make sense only where ranges are offered. */
  needsRanges(name: string): boolean;
}

const RANGE_FAULTS: ReadonlySet<FaultName> = new Set([
  'range-ignored',
  'bad-range',
  'other-etag',
  'if-range-ignored',
]);

/**
 * Plans the faults of an option: one text for all, or texts by name with `*` for the others.
 * Each name counts its own requests.
 * @throws SyntaxError where a text is none
 */
export function faultPlan(option: MockOptions['faults']): FaultPlan {
  const texts = typeof option === 'string' ? { '*': option } : (option ?? {});
  const chains = new Map(Object.entries(texts).map(([name, text]) => [name, parseFaults(text)]));
  const chainOf = (name: string) => chains.get(name) ?? chains.get('*') ?? [];
  const requests = new Map<string, number>();

  return {
    next(name) {
      let before = requests.get(name) ?? 0;
      requests.set(name, before + 1);
      for (const fault of chainOf(name)) {
        if (before < fault.times) return fault;
        before -= fault.times;
      }
      return undefined;
    },
    needsRanges: (name) => chainOf(name).some((fault) => RANGE_FAULTS.has(fault.name)),
  };
}
