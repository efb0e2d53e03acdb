/** One request and its answer over the wire. The only file that imports got. */
import type { Agent, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { got } from 'got';
import { NetworkError } from '../errors.ts';
import type { Clock } from '../host.ts';
import type { WireRequest } from './redirect.ts';
import { wireError } from './wire-error.ts';

/** How long each stage may take, and what ends it. */
export interface ExchangeOptions {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told when the connection stands and the request goes out. */
  readonly onSent: () => void;
  /** The agent for this URL: direct, or through a proxy. */
  readonly agent: Agent;
}

/**
 * Sends a request and answers with the head of the answer; its body is paused and belongs to the caller.
 * Throws NetworkError, or the signal's reason.
 */
export function exchange(request: WireRequest, options: ExchangeOptions): Promise<IncomingMessage> {
  const { clock, signal } = options;
  const { host, protocol } = request.url;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stream = got.stream(request.url, {
      method: request.method,
      headers: { 'accept-encoding': 'identity', ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      agent: protocol === 'https:' ? { https: options.agent as never } : { http: options.agent },
      // What got does of these would be out of our sight: a retry is billed, a redirect could carry the key on,
      // a status says less than the body, and a decoded body does not fit its Content-Length.
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      strictContentLength: false,
    });
    let stage: 'connecting' | 'answering' | 'over' = 'connecting';
    let cancelTimer = clock.after(options.connectTimeoutMs, () => {
      fail(
        new NetworkError(
          'connect_timeout',
          `no connection to ${host} within ${options.connectTimeoutMs / 1000} seconds`,
          {
            hint: 'check the network, and HTTPS_PROXY if it needs one; or give a longer --connect-timeout',
          },
        ),
      );
    });
    const fail = (error: unknown): void => {
      if (stage === 'over') return;
      over();
      stream.destroy();
      reject(error);
    };
    const over = (): void => {
      stage = 'over';
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const onConnected = (): void => {
      if (stage !== 'connecting') return;
      stage = 'answering';
      options.onSent();
      cancelTimer();
      cancelTimer = clock.after(options.timeoutMs, () => {
        fail(
          new NetworkError('stall', `no answer came from ${host} for ${options.timeoutMs / 1000} seconds`, {
            hint: 'try again; for a slow server give a longer --timeout',
          }),
        );
      });
    };
    let detach = (): void => {};
    stream.on('request', (sent) => {
      detach = () => {
        sent.removeAllListeners('error');
        sent.on('error', () => {});
      };
      sent.on('socket', (socket: TLSSocket & { secureConnecting?: boolean }) => {
        const secure = protocol === 'https:';
        if (socket.connecting || (secure && socket.secureConnecting !== false)) {
          socket.once(secure ? 'secureConnect' : 'connect', onConnected);
        } else onConnected();
      });
    });
    // got goes on to report on this stream what happens to the body, which Body sees for itself.
    stream.on('error', (error) => fail(wireError(error, host)));
    stream.once('response', (answer: IncomingMessage) => {
      over();
      // got would copy each chunk through its own stream; reading the answer itself saves that. Node sets a
      // stream flowing a tick after its 'readable' listener is gone, so it is handed over after that tick.
      answer.removeAllListeners('readable');
      // What follows a whole answer on the wire is an error of the request; got would throw the answer away for it.
      detach();
      answer.pause();
      setImmediate(() => resolve(answer));
    });
  });
}
