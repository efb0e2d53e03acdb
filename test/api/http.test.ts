/** Requests and responses over real sockets, from servers that are not quite what a client expects. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type HttpResponse, send, type Wire } from '../../src/api/http.ts';
import { agents } from '../../src/api/proxy.ts';
import { Interrupted } from '../../src/errors.ts';
import { type Clock, systemClock } from '../../src/host.ts';

/** A server that responds to each request with what `serve` writes; resolves to its URL. */
async function serverOf(serve: (socket: Socket, head: string) => unknown): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (head) => serve(socket, head.toString('latin1')));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a`);
}

const { signal } = new AbortController();

async function ask(
  url: URL,
  more: Partial<Wire> = {},
  headers: Record<string, string> = {},
  bodySignal = signal,
): Promise<HttpResponse> {
  const wire: Wire = {
    clock: systemClock,
    connectTimeoutMs: 30_000,
    timeoutMs: 30_000,
    agentFor: agents({}, { clock: systemClock, connectTimeoutMs: 30_000 }),
    trace: () => {},
    ...more,
  };
  const request = { method: 'POST', url, headers, body: '{}' } as const;
  return send(request, wire, { signal, bodySignal, onSent: () => {} });
}

/** All chunks of a body as they are passed on. */
async function chunksOf({ body }: HttpResponse): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  body.use((chunk) => chunks.push(Buffer.from(chunk)));
  body.resume();
  await body.finished;
  return chunks;
}

async function textOf(response: HttpResponse): Promise<string> {
  return Buffer.concat(await chunksOf(response)).toString();
}

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\n';

describe('a response', () => {
  it.each(['none', 'identity', 'utf-8', 'UTF8', 'aws-chunked', 'binary', ' ', 'aws-chunked,none'])(
    'of plain bytes is read with Content-Encoding: %s',
    async (encoding) => {
      const url = await serverOf((socket) => socket.end(`${OK}Content-Encoding: ${encoding}\r\n\r\nplain`));
      expect(await textOf(await ask(url))).toBe('plain');
    },
  );

  it.each(['gzip', 'x-gzip', 'aws-chunked, gzip'])(
    'is decoded with Content-Encoding: %s',
    async (encoding) => {
      const url = await serverOf((socket) => {
        socket.write(`${OK}Content-Encoding: ${encoding}\r\n\r\n`);
        socket.end(gzipSync('packed'));
      });
      const response = await ask(url);
      expect([await textOf(response), response.body.contentLength]).toEqual(['packed', null]);
    },
  );

  it.each(['br', 'deflate', 'zstd', 'compress', 'gzip, gzip', 'gzip, br'])(
    'is refused with Content-Encoding: %s',
    async (encoding) => {
      const url = await serverOf((socket) => socket.end(`${OK}Content-Encoding: ${encoding}\r\n\r\nxxx`));
      await expect(ask(url)).rejects.toMatchObject({ exitCode: 4, code: 'encoding' });
    },
  );

  it('that decodes to more than 200 times its size is refused on the way', async () => {
    const packed = gzipSync(Buffer.alloc(100_000_000));
    const url = await serverOf((socket) => {
      socket.write(`${OK}Content-Encoding: gzip\r\n\r\n`);
      socket.end(packed);
    });
    const response = await ask(url);
    let bytes = 0;
    response.body.use((chunk) => {
      bytes += chunk.length;
    });
    response.body.resume();
    await expect(response.body.finished).rejects.toMatchObject({ exitCode: 4, code: 'encoding' });
    expect(bytes).toBeLessThanOrEqual(200 * packed.length);
  });

  it('that is compressed ends with its data, whatever follows them', async () => {
    const url = await serverOf((socket) => {
      socket.write(`${OK}Content-Encoding: gzip\r\n\r\n`);
      socket.write(gzipSync('packed'));
      // The connection stays open.
      socket.write(Buffer.alloc(1000));
    });
    expect(await textOf(await ask(url))).toBe('packed');
  });

  it('that is compressed and contains nothing is refused after a megabyte', async () => {
    const url = await serverOf((socket) => {
      socket.write(`${OK}Content-Encoding: gzip\r\n\r\n`);
      socket.write(gzipSync('').subarray(0, 10));
      // Stored blocks without a byte.
      const more = (error?: Error | null): unknown =>
        error ?? socket.write(Buffer.alloc(65_535, '000000ffff', 'hex'), more);
      more();
    });
    const { body } = await ask(url);
    body.resume();
    await expect(body.finished).rejects.toMatchObject({ exitCode: 4, code: 'encoding' });
    expect(body.wireBytes).toBeLessThan(4 * 1024 * 1024);
  });

  it('is ended by its signal while the reader pauses, even if all of it has arrived', async () => {
    const url = await serverOf((socket) => {
      socket.write(`${OK}Content-Encoding: gzip\r\n\r\n`);
      socket.end(gzipSync(Buffer.alloc(1_000_000)));
    });
    const interruption = new AbortController();
    const { body } = await ask(url, {}, {}, interruption.signal);
    await expect.poll(() => body.wireBytes).toBeGreaterThan(900);
    await new Promise((resolve) => setTimeout(resolve, 20));
    interruption.abort(new Interrupted('SIGINT'));
    await expect(body.finished).rejects.toBe(interruption.signal.reason);
  });

  it('of white space after the size of a chunk is read', async () => {
    const url = await serverOf((socket) =>
      socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0\r\n\r\n`),
    );
    expect(await textOf(await ask(url))).toBe('hello');
  });

  it('that is cut between chunks is a lost connection', async () => {
    const url = await serverOf((socket) =>
      socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`),
    );
    await expect(textOf(await ask(url))).rejects.toMatchObject({ exitCode: 6, code: 'connection_lost' });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', /Expected HTTP.*HPE_INVALID_CONSTANT/],
    ['a broken header', `${OK}no colon here\r\n\r\n`, /header.*HPE_INVALID_HEADER_TOKEN/i],
    ['a status of letters', 'HTTP/1.1 abc\r\n\r\n', /status.*HPE_INVALID_STATUS/i],
  ])('of %s is refused with the words of the parser', async (_what, text, words) => {
    const url = await serverOf((socket) => socket.end(text));
    await expect(ask(url)).rejects.toMatchObject({
      exitCode: 6,
      code: 'bad_http',
      message: expect.stringMatching(words),
    });
  });

  it('with a broken chunk is refused with the words of the parser', async () => {
    const url = await serverOf((socket) =>
      socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzzz\r\n`),
    );
    await expect(textOf(await ask(url))).rejects.toMatchObject({
      code: 'bad_http',
      message: expect.stringContaining('HPE_INVALID_CHUNK_SIZE'),
    });
  });

  it('is complete whatever follows it on the connection', async () => {
    const url = await serverOf((socket) => socket.end(`${OK}Content-Length: 5\r\n\r\nhello and more\r\n`));
    expect(await textOf(await ask(url))).toBe('hello');
  });
});

describe('a body in chunks of one byte', () => {
  const size = 200_000;
  const chunked = (text: string): string => [...text].map((each) => `1\r\n${each}\r\n`).join('');

  it('is passed on in few pieces', async () => {
    const url = await serverOf((socket) =>
      socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n${chunked('x'.repeat(size))}0\r\n\r\n`),
    );
    const chunks = await chunksOf(await ask(url));
    expect(Buffer.concat(chunks).toString()).toBe('x'.repeat(size));
    expect(chunks.length).toBeLessThan(size / 1000);
  });

  it('is passed on to the last byte before the connection is lost', async () => {
    const url = await serverOf((socket) =>
      socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n${chunked('abc')}`),
    );
    const response = await ask(url);
    let text = '';
    response.body.use((chunk) => {
      text += Buffer.from(chunk);
    });
    response.body.resume();
    await expect(response.body.finished).rejects.toMatchObject({ code: 'connection_lost' });
    expect(text).toBe('abc');
  });

  it('keeps what arrived during a pause for its reader', async () => {
    const url = await serverOf((socket) =>
      socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n${chunked('abcdefgh')}0\r\n\r\n`),
    );
    const { body } = await ask(url);
    let text = '';
    const paused = new Promise<void>((resolve) => {
      body.use((chunk) => {
        text += Buffer.from(chunk);
        body.pause();
        resolve();
      });
    });
    body.resume();
    await paused;
    body.use((chunk) => {
      text += Buffer.from(chunk);
    });
    body.resume();
    await body.finished;
    expect(text).toBe('abcdefgh');
  });
});

/** A clock on which time passes as a test says, in addition to the real one. */
function jumpingClock(): { clock: Clock; jump: (ms: number) => void } {
  let aheadMs = 0;
  const timers = new Set<{ dueMs: number; callback: () => void }>();
  const ticksMs = (): number => systemClock.ticksMs() + aheadMs;
  return {
    clock: {
      ...systemClock,
      ticksMs,
      after(delayMs, callback) {
        const timer = { dueMs: ticksMs() + delayMs, callback };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    jump(ms) {
      aheadMs += ms;
      for (const timer of [...timers]) {
        if (timer.dueMs > ticksMs()) continue;
        timers.delete(timer);
        timer.callback();
      }
    },
  };
}

describe('silence', () => {
  it('does not include the time for which the process was stopped', async () => {
    const { clock, jump } = jumpingClock();
    const url = await serverOf((socket) => socket.write(`${OK}Content-Length: 10\r\n\r\nfirst`));
    const response = await ask(url, { clock, timeoutMs: 60_000 });
    let text = '';
    const first = new Promise<void>((resolve) => {
      response.body.use((chunk) => {
        text += Buffer.from(chunk);
        resolve();
      });
    });
    response.body.resume();
    await first;
    // An hour passes in one step, as for a process that was stopped: it has the full timeout again.
    jump(3_600_000);
    await new Promise((resolve) => setImmediate(resolve));
    jump(59_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(text).toBe('first');
    jump(1000);
    await expect(response.body.finished).rejects.toMatchObject({ code: 'stall' });
  });

  it('is not a head that arrives line by line', async () => {
    const { clock, jump } = jumpingClock();
    const lines = [...OK.trimEnd().split('\r\n'), ...'abcdef'].map((line, index) =>
      index < 2 ? line : `X-${line}: 1`,
    );
    const url = await serverOf(async (socket) => {
      for (const line of lines) {
        socket.write(`${line}\r\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        jump(40_000);
      }
      socket.end('\r\nbody');
    });
    expect(await textOf(await ask(url, { clock, timeoutMs: 60_000 }))).toBe('body');
  });

  it('is broken by interim responses', async () => {
    const { clock, jump } = jumpingClock();
    const url = await serverOf(async (socket) => {
      for (let interim = 0; interim < 6; interim += 1) {
        socket.write('HTTP/1.1 102 Processing\r\n\r\n');
        await new Promise((resolve) => setTimeout(resolve, 20));
        jump(40_000);
      }
      socket.end(`${OK}\r\nbody`);
    });
    expect(await textOf(await ask(url, { clock, timeoutMs: 60_000 }))).toBe('body');
  });

  it.each([
    ['header lines', (count: number) => (count === 0 ? 'HTTP/1.1 200 OK\r\n' : `X-${count}: 1\r\n`)],
    ['interim responses', () => 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('is broken by %s, but not for more than ten times the time-out', async (_what, next) => {
    const { clock, jump } = jumpingClock();
    let seconds = 0;
    const url = await serverOf(async (socket) => {
      for (let count = 0; !socket.closed && seconds < 900; count += 1) {
        socket.write(next(count));
        await new Promise((resolve) => setTimeout(resolve, 20));
        seconds += 40;
        jump(40_000);
      }
    });
    await expect(ask(url, { clock, timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'stall',
      message: `the response headers from ${url.host} are not complete after 600 s`,
    });
    expect(seconds).toBeLessThanOrEqual(680);
  });

  it('is a server that accepts a connection and does nothing else', async () => {
    const url = await serverOf(() => {});
    await expect(ask(url, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'stall',
      message: `no data from ${url.host} for 0.1 s`,
    });
  });
});

describe('a redirect', () => {
  it('to another origin is marked as such, and gets no key', async () => {
    const heads: string[] = [];
    const foreign = await serverOf((socket, head) => {
      heads.push(head);
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: application/xml\r\n\r\n<Error/>',
      );
    });
    const url = await serverOf((socket) =>
      socket.end(`HTTP/1.1 307 Temporary Redirect\r\nConnection: close\r\nLocation: ${foreign.href}\r\n\r\n`),
    );
    const response = await ask(url, {}, { authorization: 'sk-mavi-secret' });
    expect([response.status, response.foreignHost]).toEqual([403, foreign.host]);
    expect(heads.join()).not.toContain('sk-mavi');
    response.body.abort(new Error('seen'));
  });

  it('to a path in raw UTF-8 is followed', async () => {
    const url = await serverOf((socket, head) =>
      head.startsWith('POST /caf%C3%A9 ')
        ? socket.end(`${OK}\r\nfound`)
        : socket.end(Buffer.from('HTTP/1.1 308 X\r\nConnection: close\r\nLocation: /café\r\n\r\n')),
    );
    expect(await textOf(await ask(url))).toBe('found');
  });
});
