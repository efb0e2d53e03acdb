import { sendText } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { FaultAction } from './fault-action.ts';

/** Faults that send the client on. */
export const REDIRECT_FAULTS = {
  // A path alone, so that the client has to complete it.
  redirect: (exchange) => redirect(exchange, 307, exchange.cleanPath),
  'redirect-308': (exchange) => redirect(exchange, 308, exchange.record.origin + exchange.cleanPath),
  'redirect-302': (exchange) => redirect(exchange, 302, exchange.record.origin + exchange.cleanPath),
  'redirect-elsewhere': async (exchange) =>
    redirect(exchange, 307, (await exchange.elsewhere('same')) + exchange.cleanPath),
  'redirect-plain': async (exchange) =>
    redirect(exchange, 307, (await exchange.elsewhere('plain')) + exchange.cleanPath),
  'redirect-loop': (exchange) => redirect(exchange, 307, exchange.record.url),
  'redirect-nowhere': (exchange) => sendText(exchange, 307, {}, ''),
} satisfies Record<string, FaultAction>;

function redirect(exchange: Exchange, status: number, location: string): void {
  sendText(exchange, status, { Location: location }, '');
}
