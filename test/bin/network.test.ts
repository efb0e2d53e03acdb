import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it, type Scene } from '../helpers/scene.ts';
import { knownVideo } from '../helpers/videos.ts';
import { madeVideos } from '../library/stored-video.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';
import { selfSigned } from '../mock/self-signed.ts';

const { faststart } = SAMPLE_VIDEO_NOS;
const ONCE = ['download', faststart, '-o', 'video.mp4', '--retries', '0'];

describe.concurrent('a program that was stopped for longer than its timeout', () => {
  it.for([
    ['before the response', 0],
    ['in the middle of the body', 60_000],
  ] as const)(
    '%s reads the data that has arrived before it reports a stall',
    async ([, sentBefore], { scene }) => {
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
      // A run that starts now and times out shows that the other was stopped for longer than its timeout.
      await scene.mock({ faults: 'silent' });
      const stalled = await scene.run(['download', faststart, '--retries', '0', '--timeout', '0.5']);
      expect(stalled.code).toBe(6);
      run.child.kill('SIGCONT');
      expect((await run.ended).code).toBe(0);
      expect(scene.read('video.mp4').equals(bytes)).toBe(true);
    },
  );
});

it('exits 7 when there are too many open files, and suggests lowering --concurrency', async ({ scene }) => {
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
  'Node does not print the key with NODE_DEBUG=%s',
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
    ['the data stops', 'stall@100000'],
    ['there is no response', 'silent'],
  ])('makes mavi exit 6 and report a stall when %s', async ([, faults = ''], { scene }) => {
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

  it('is retried after a stall, and the file is correct', async ({ scene }) => {
    const mock = await scene.mock({ faults: 'stall@100000x1' });
    const { code } = await scene.run(['download', faststart, '-o', 'video.mp4', '--timeout', '1']);
    expect(code).toBe(0);
    expect(mock.requests.length).toBeGreaterThan(1);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it('makes mavi exit 6 when the server does not accept a connection in time', async ({ scene }) => {
    const url = await stoppedServer(scene);
    const { code, stderr } = await scene.run([...ONCE, '--connect-timeout', '0.3'], {
      env: { MAVI_BASE_URL: url },
    });
    expect(code).toBe(6);
    expect(stderr).toContain('within 0.3 s');
  });

  it('makes mavi exit 6 when the server does not complete the TLS handshake in time', async ({ scene }) => {
    const { port } = await quietServer(scene);
    const env = { MAVI_BASE_URL: `https://127.0.0.1:${port}/v1` };
    const { code, stderr } = await scene.run([...ONCE, '--connect-timeout', '0.3'], { env });
    expect(code).toBe(6);
    expect(stderr).toContain('within 0.3 s');
  });

  it.for([
    ['a name that does not exist', 'https://mavi.invalid/v1', 'mavi.invalid'],
    ['a closed port', 'http://127.0.0.1:1/v1', 'refused'],
    ['a server that does not speak TLS', 'https', '127.0.0.1'],
  ])('makes mavi exit 6 for %s', async ([, url = '', says = ''], { scene }) => {
    const mock = await scene.mock();
    const env = {
      MAVI_BASE_URL: url === 'https' ? mock.baseUrl.replace('http:', 'https:') : url,
      // A machine without a name server then fails quickly.
      RES_OPTIONS: 'timeout:1 attempts:1',
    };
    const { code, stderr } = await scene.run(ONCE, { env });
    expect(code).toBe(6);
    expect(stderr).toContain(says);
  });
});

describe.concurrent('--limit-rate', () => {
  it('slows down the server and does not change the bytes', async ({ scene }) => {
    const { video, videoNo, bytes } = await knownVideo(20_000_000);
    const mock = await scene.mock({ videos: [video] });
    const slow = scene.start(['download', videoNo, '-o', 'slow.mp4', '--limit-rate', '10K', '--verbose']);
    await slow.says('< HTTP 200');
    // Meanwhile, runs with a high limit or none download the complete video.
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
    'to another origin that responds with %s fails only that video',
    async ([response, code], { scene }) => {
      const bytes = sampleFile('faststart');
      const [status = '', phrase] = response.split(/ (.*)/);
      const storage = await serverFor(scene, (_body, response) => {
        response.writeHead(Number(status), phrase, {
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

  it('is not followed more than five times', async ({ scene }) => {
    const mock = await scene.mock({ faults: 'redirect-loop' });
    const { code, stderr } = await scene.run(['download', faststart]);
    expect([code, mock.requests.length]).toEqual([6, 6]);
    expect(stderr).toContain('more than 5 times');
  });
});

describe.concurrent('a certificate', () => {
  it.for([
    ['is self-signed', {}, 'self-signed', 'NODE_EXTRA_CA_CERTS', false],
    ['is for another name', { host: 'other.test' }, 'for another name', 'check --base-url', true],
    ['has expired', { expired: true }, 'has expired', 'check --base-url', true],
  ] as const)(
    'that %s makes mavi exit 6 without a retry and say why',
    async ([, facts, says, advises, known], { scene }) => {
      const tls = selfSigned(facts);
      const mock = await scene.mock({ tls });
      const file = scene.write('ca.pem', tls.cert);
      const { code, stderr } = await scene.run(['download', faststart], {
        env: known ? { NODE_EXTRA_CA_CERTS: file } : {},
      });
      expect([code, mock.requests.length]).toEqual([6, 0]);
      expect(stderr).toContain(says);
      expect(stderr).toContain(advises);
    },
  );

  it('is missing where the server speaks plain http: exit 6 without a retry, and a message of ours', async ({
    scene,
  }) => {
    const mock = await scene.mock();
    const env = { MAVI_BASE_URL: mock.baseUrl.replace('http:', 'https:') };
    const { code, stderr } = await scene.run(['download', faststart], { env });
    expect([code, mock.requests.length]).toEqual([6, 0]);
    expect(stderr).toMatch(/^mavi: \S+ 127\.0\.0\.1:\d+ does not speak TLS\n +check --base-url/);
  });

  it('is checked even with NODE_TLS_REJECT_UNAUTHORIZED=0', async ({ scene }) => {
    const mock = await scene.mock({ tls: selfSigned() });
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { code, stderr } = await scene.run(['download', faststart], { env });
    expect([code, mock.requests.length]).toEqual([6, 0]);
    expect(stderr).toContain('self-signed');
  });

  it('from NODE_EXTRA_CA_CERTS is trusted', async ({ scene }) => {
    const tls = selfSigned();
    await scene.mock({ tls });
    const env = { NODE_EXTRA_CA_CERTS: scene.write('ca.pem', tls.cert) };
    expect((await scene.run(ONCE, { env })).code).toBe(0);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });
});

/** The origin of a server that responds to each request according to its body. */
async function serverFor(
  scene: Scene,
  respond: (body: string, response: ServerResponse) => void,
): Promise<string> {
  const server = createHttpServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    respond(body, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scene.finally(() => server.close());
  scene.finally(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that accepts connections and sends nothing. */
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

/** The base URL of a stopped server with a full backlog, so that not even TCP connects. */
async function stoppedServer(scene: Scene): Promise<string> {
  const code = `const server = require('net').createServer().listen(0, '127.0.0.1', 1, () => console.log(server.address().port));`;
  const server = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  scene.finally(() => server.kill('SIGKILL'));
  const [line] = await once(server.stdout, 'data');
  const port = Number(line);
  server.kill('SIGSTOP');
  // A backlog of one holds two connections; they stay queued, because the stopped server accepts none.
  for (let at = 0; at < 2; at += 1) {
    const socket = connect(port, '127.0.0.1');
    scene.finally(() => socket.destroy());
    await once(socket, 'connect');
  }
  return `http://127.0.0.1:${port}/v1`;
}
