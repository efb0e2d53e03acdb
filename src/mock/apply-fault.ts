import type { Content } from './content.ts';
import type { Exchange } from './exchange.ts';
import type { FaultAction } from './fault-action.ts';
import { ANSWER_FAULTS } from './fault-answers.ts';
import { CONNECTION_FAULTS } from './fault-connections.ts';
import { CONTENT_FAULTS } from './fault-contents.ts';
import { RANGE_FAULTS } from './fault-ranges.ts';
import { REDIRECT_FAULTS } from './fault-redirects.ts';
import type { Fault } from './fault-text.ts';
import { TRANSFER_FAULTS } from './fault-transfers.ts';
import type { FaultName } from './faults.ts';

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
