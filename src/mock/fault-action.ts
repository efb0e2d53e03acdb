import type { Content } from './content.ts';
import type { Exchange } from './exchange.ts';
import type { Fault } from './fault-text.ts';

/** Answers a request badly. `content` is what a good answer would carry. */
export type FaultAction = (exchange: Exchange, content: Content, fault: Fault) => void | Promise<void>;
