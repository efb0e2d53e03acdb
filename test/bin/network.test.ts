import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { SAMPLE_VIDEO_NOS } from '../../src/mock/library.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { knownVideo } from '../helpers/videos.ts';
import { madeVideos } from '../library/stored-video.ts';
import { sampleFile } from '../mock/sample-files.ts';
import { selfSigned } from '../mock/self-signed.ts';

const { faststart } = SAMPLE_VIDEO_NOS;
const ONCE = ['download', faststart, '-o', 'video.mp4', '--retries', '0'];

describe.concurrent('a program that was stopped for longer than its time-out', () => {
  it.for([
    ['before the response', 0],
    ['in the middle of the body', 60_000],
  ] as const)('%s reads what has arrived before it calls that a stall', async ([, sentBefore], { scene }) => {
    const bytes = sampleFile('faststart');
    const server = createHttpServer((_request, response) => {
      response.setHeader('content-type', 'application/octet-stream');
      if (sentBefore > 0) response.write(bytes.subarray(0, sentBefore));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    scene.finally(() => server.closeAllConnections());
    scene.finally(() => server.close());
    const { port } = server.address() as AddressInfo;
    const env = { MAVI_BASE_URL: `http://127.0.0.1:${port}/v1` };
    const run = scene.start([...ONCE, '--timeout', '0.5'], { env });
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
    run.child.kill('SIGSTOP');
    response.end(bytes.subarray(sentBefore));
    await setTimeout(1000);
    run.child.kill('SIGCONT');
    expect((await run.ended).code).toBe(0);
    expect(scene.read('video.mp4').equals(bytes)).toBe(true);
  });
});

it('too many open files are exit 7, and the message names --concurrency', async ({ scene }) => {
  const videos = madeVideos(60);
  await scene.mock({ videos, faults: 'silent' });
  const ids = videos.map(({ videoNo }) => videoNo).join(' ');
  const script = `ulimit -n 40; exec $program download ${ids} -c 60 --retries 0 --timeout 1 -d videos --json`;
  const { stdout, stderr } = await scene.shell(script).ended;
  const records = stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records.map(({ error }) => error.exit_code)).toContain(7);
  expect(stderr).toContain('too many open files');
  expect(stderr).toContain('lower --concurrency');
});

it.for(['http', 'https', 'net', 'tls', 'stream', 'http,https,net,tls,stream'])(
  'with NODE_DEBUG=%s Node prints no key',
  async (topics, { scene }) => {
    const tls = selfSigned();
    await scene.mock({ tls });
    const env = { NODE_DEBUG: topics, NODE_EXTRA_CA_CERTS: scene.write('ca.pem', tls.cert) };
    const { code, stderr } = await scene.run(ONCE, { env });
    expect(code).toBe(0);
    expect(stderr).not.toContain(scene.key.slice(20, 40));
  },
);

describe.concurrent('a network that fails', () => {
  it.for([
    ['no bytes come any more', 'stall@100000'],
    ['no answer comes', 'silent'],
  ])('is exit 6, called a stall, when %s', async ([, faults = ''], { scene }) => {
    await scene.mock({ faults });
    const { code, stdout, stderr } = await scene.run([...ONCE, '--timeout', '0.3', '--json']);
    expect(code).toBe(6);
    expect(stderr).toContain('for 0.3 s');
    expect(JSON.parse(stdout.toString())).toMatchObject({
      status: 'failed',
      error: { exit_code: 6, code: 'stall' },
    });
    expect(scene.names()).toEqual([]);
  });

  it('goes on after a stall, and the file is right', async ({ scene }) => {
    const mock = await scene.mock({ faults: 'stall@100000x1' });
    const { code } = await scene.run(['download', faststart, '-o', 'video.mp4', '--timeout', '1']);
    expect(code).toBe(0);
    expect(mock.requests.length).toBeGreaterThan(1);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it('is exit 6 when a server takes no connection in time', async ({ scene }) => {
    const url = await stoppedServer(scene);
    const { code, stderr } = await scene.run([...ONCE, '--connect-timeout', '0.3'], {
      env: { MAVI_BASE_URL: url },
    });
    expect(code).toBe(6);
    expect(stderr).toContain('within 0.3 s');
  });

  it('is exit 6 when a server does not go on to TLS in time', async ({ scene }) => {
    const { port } = await quietServer(scene);
    const env = { MAVI_BASE_URL: `https://127.0.0.1:${port}/v1` };
    const { code, stderr } = await scene.run([...ONCE, '--connect-timeout', '0.3'], { env });
    expect(code).toBe(6);
    expect(stderr).toContain('within 0.3 s');
  });

  it.for([
    ['a name that does not exist', 'https://mavi.invalid/v1', 'mavi.invalid'],
    ['a port where nobody listens', 'http://127.0.0.1:1/v1', 'refused'],
    ['a server that does not speak TLS', 'https', '127.0.0.1'],
  ])('is exit 6 for %s', async ([, url = '', says = ''], { scene }) => {
    const mock = await scene.mock();
    const env = {
      MAVI_BASE_URL: url === 'https' ? mock.baseUrl.replace('http:', 'https:') : url,
      // A machine without a name server gives up at once.
      RES_OPTIONS: 'timeout:1 attempts:1',
    };
    const { code, stderr } = await scene.run(ONCE, { env });
    expect(code).toBe(6);
    expect(stderr).toContain(says);
  });
});

describe.concurrent('--limit-rate', () => {
  it('leaves the bytes right, and the server waiting', async ({ scene }) => {
    const { video, videoNo, bytes } = await knownVideo(20_000_000);
    const mock = await scene.mock({ videos: [video] });
    const slow = scene.start(['download', videoNo, '-o', 'slow.mp4', '--limit-rate', '10K', '--verbose']);
    await slow.says('< HTTP 200');
    // Meanwhile the same bytes come as a whole to runs that are not held back, or hardly.
    const runs = await Promise.all([
      scene.run(['download', videoNo, '-o', 'free.mp4']),
      scene.run(['download', videoNo, '-o', 'hardly.mp4', '--limit-rate', '1G']),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(scene.read('hardly.mp4').equals(bytes)).toBe(true);
    expect(mock.requests[0]?.bytesSent).toBeLessThan(bytes.length);
    expect(mock.requests[1]?.bytesSent).toBe(bytes.length);
    slow.child.kill('SIGTERM');
    await slow.exited;
  });
});

describe.concurrent('a redirect', () => {
  it.for(['redirect', 'redirect-308'])(
    'on the same origin is followed with the key (%s)',
    async (faults, { scene }) => {
      const mock = await scene.mock({ faults });
      expect((await scene.run(ONCE)).code).toBe(0);
      expect(mock.requests.map(({ headers }) => headers.authorization)).toEqual([scene.key, scene.key]);
      expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
    },
  );

  it('to another origin is followed without the key', async ({ scene }) => {
    const mock = await scene.mock({ faults: 'redirect-elsewhere' });
    expect((await scene.run(ONCE)).code).toBe(0);
    const [first, second] = mock.requests;
    expect(second?.origin).not.toBe(first?.origin);
    expect(JSON.stringify(second?.rawHeaders)).not.toContain(scene.key);
    expect([mock.requests.length, second?.headers.authorization]).toEqual([2, undefined]);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it.for([
    ['403 Forbidden', 4],
    ['401 Unauthorized', 4],
    ['503 Slow Down', 6],
    ['429 Too Many Requests', 6],
  ] as const)(
    'to another origin that answers %s fails that video alone',
    async ([answer, code], { scene }) => {
      const bytes = sampleFile('faststart');
      const [status = '', words] = answer.split(/ (.*)/);
      const storage = await serverFor(scene, (_body, response) => {
        response.writeHead(Number(status), words, {
          'content-type': 'application/xml',
          'retry-after': '3600',
        });
        response.end('<Error/>');
      });
      const api = await serverFor(scene, (body, response) => {
        if (body.includes('VI1')) response.writeHead(307, { location: `${storage}/VI1` }).end();
        else response.setHeader('content-type', 'application/octet-stream').end(bytes);
      });
      const args = ['download', 'VI1', 'VI2', 'VI3', '-c', '1', '--retries', '0', '-d', 'videos'];
      const ended = await scene.run(args, { env: { MAVI_BASE_URL: `${api}/v1` } });
      expect(ended.code).toBe(code);
      expect(readdirSync(join(scene.folder, 'videos'))).toEqual(['VI2.mp4', 'VI3.mp4']);
    },
  );

  it('from https to http is refused', async ({ scene }) => {
    const tls = selfSigned();
    const mock = await scene.mock({ tls, faults: 'redirect-plain' });
    const env = { NODE_EXTRA_CA_CERTS: scene.write('ca.pem', tls.cert) };
    const { code, stderr } = await scene.run(['download', faststart], { env });
    expect([code, mock.requests.length]).toEqual([6, 1]);
    expect(stderr).toContain('plain http');
    expect(scene.names()).toEqual(['ca.pem']);
  });

  it('that never ends is given up after five', async ({ scene }) => {
    const mock = await scene.mock({ faults: 'redirect-loop' });
    const { code, stderr } = await scene.run(['download', faststart]);
    expect([code, mock.requests.length]).toEqual([6, 6]);
    expect(stderr).toContain('more than 5 times');
  });
});

describe.concurrent('a certificate', () => {
  it.for([
    ['is self-signed', {}, 'self-signed', false],
    ['is for another name', { host: 'other.test' }, 'for another name', true],
    ['has expired', { expired: true }, 'has expired', true],
  ] as const)(
    'that %s is exit 6 at once, and the message says which',
    async ([, facts, says, known], { scene }) => {
      const tls = selfSigned(facts);
      const mock = await scene.mock({ tls });
      const file = scene.write('ca.pem', tls.cert);
      const { code, stderr } = await scene.run(['download', faststart], {
        env: known ? { NODE_EXTRA_CA_CERTS: file } : {},
      });
      expect([code, mock.requests.length]).toEqual([6, 0]);
      expect(stderr).toContain(says);
      expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
    },
  );

  it('is checked even where NODE_TLS_REJECT_UNAUTHORIZED says otherwise', async ({ scene }) => {
    const mock = await scene.mock({ tls: selfSigned() });
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { code, stderr } = await scene.run(['download', faststart], { env });
    expect([code, mock.requests.length]).toEqual([6, 0]);
    expect(stderr).toContain('self-signed');
  });

  it('that NODE_EXTRA_CA_CERTS names is taken', async ({ scene }) => {
    const tls = selfSigned();
    await scene.mock({ tls });
    const env = { NODE_EXTRA_CA_CERTS: scene.write('ca.pem', tls.cert) };
    expect((await scene.run(ONCE, { env })).code).toBe(0);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });
});

/** The origin of a server that answers each request by its body. */
async function serverFor(
  scene: Scene,
  answer: (body: string, response: ServerResponse) => void,
): Promise<string> {
  const server = createHttpServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    answer(body, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scene.finally(() => server.close());
  scene.finally(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that takes connections and says nothing. */
async function quietServer(scene: Scene): Promise<{ port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scene.finally(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port };
}

/** The base URL of a server that is stopped and whose queue is full, so that not even TCP connects. */
async function stoppedServer(scene: Scene): Promise<string> {
  const code = `const server = require('net').createServer().listen(0, '127.0.0.1', 1, () => console.log(server.address().port));`;
  const server = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  scene.finally(() => server.kill('SIGKILL'));
  const [line] = await once(server.stdout, 'data');
  const port = Number(line);
  server.kill('SIGSTOP');
  // A queue of one takes two; whatever is queued stays there, for nobody comes to fetch it.
  for (let at = 0; at < 2; at += 1) {
    const socket = connect(port, '127.0.0.1');
    scene.finally(() => socket.destroy());
    await once(socket, 'connect');
  }
  return `http://127.0.0.1:${port}/v1`;
}
