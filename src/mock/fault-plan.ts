import type { Content } from './answer.ts';
import { type Fault, type FaultName, parseFaults } from './fault-names.ts';
import { ANSWER_FAULTS, CONTENT_FAULTS, type FaultAction, REDIRECT_FAULTS } from './fault-responses.ts';
import { CONNECTION_FAULTS, RANGE_FAULTS, TRANSFER_FAULTS } from './fault-transfers.ts';
import type { Exchange, MockOptions } from './options.ts';

/** Which fault each request meets. */
export interface FaultPlan {
  /** The fault of the next request for a thing; counts that request. */
  next(name: string): Fault | undefined;
  /** Whether a thing's faults make sense only where ranges are offered. */
  needsRanges(name: string): boolean;
}

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
    needsRanges: (name) => chainOf(name).some((fault) => Object.hasOwn(RANGE_FAULTS, fault.name)),
  };
}

/** Checked against the table of names: a fault that is promised and not made does not compile. */
const ACTIONS: Record<FaultName, FaultAction> = {
  ...ANSWER_FAULTS,
  ...CONNECTION_FAULTS,
  ...CONTENT_FAULTS,
  ...RANGE_FAULTS,
  ...REDIRECT_FAULTS,
  ...TRANSFER_FAULTS,
};

/** Answers with a fault where a good answer would have carried `content`. */
export async function applyFault(exchange: Exchange, content: Content, fault: Fault): Promise<void> {
  exchange.record.fault = fault.text;
  await ACTIONS[fault.name](exchange, content, fault);
}
