import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { selfSigned } from '../../mock/self-signed.ts';
import { benchVideo } from './bench-video.ts';
import type { Work } from './contenders.ts';

/** The server of the benchmark: nginx, which needs less CPU time than any client measured. */
export interface BenchServer extends Pick<Work, 'origins' | 'certPath' | 'serverCpuSeconds'> {
  close(): void;
}

const BLOCK = Buffer.alloc(1_048_576, 'bytes of a video, or so it says. ');
const LOOK_EVERY_MS = 20;

/** How many bytes a second the paced origin sends. */
const PACE_BYTES = 400_000_000;

/**
 * Starts nginx with a certificate created for this run. A POST to `/bytes-<n>/download` gets an MP4 of n bytes from
 * `files`, which should be in memory.
 */
export async function startBenchServer(
  folder: string,
  files: string,
  sizes: readonly number[],
): Promise<BenchServer> {
  const { key, cert } = selfSigned();
  const certPath = join(folder, 'cert.pem');
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  writeFileSync(certPath, cert);
  const videos = join(files, 'videos');
  mkdirSync(videos);
  for (const size of sizes) writeVideo(join(videos, `bytes-${size}`), size);
  writeFileSync(join(videos, 'empty'), '');

  const ports = { http: await freePort(), https: await freePort() };
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, videos, ports));
  const child = spawn('nginx', ['-p', folder, '-c', 'nginx.conf'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.on('exit', () => child.kill());
  await answering(ports.https);
  return {
    origins: {
      http: `http://127.0.0.1:${ports.http}`,
      https: `https://127.0.0.1:${ports.https}`,
      paced: `https://127.0.0.1:${await pacedPort(ports.https)}`,
    },
    certPath,
    serverCpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    close: () => child.kill(),
  };
}

/**
 * nginx rejects a POST to a file with 405; `error_page` turns that back into the file. A response with an addition
 * has no known length, so it is sent in chunks; the addition here is empty. A single process serves everything, so
 * that its CPU time can be measured.
 */
function configuration(folder: string, videos: string, ports: { http: number; https: number }): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/nginx-${name};`,
  );
  return `
daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 64; }
http {
  ${temporary.join(' ')}
  access_log off; default_type application/octet-stream; keepalive_requests 1000000; output_buffers 4 64k;
  server {
    listen 127.0.0.1:${ports.http}; listen 127.0.0.1:${ports.https} ssl;
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
    error_page 405 =200 $uri;
    location ~ ^/(?<video>bytes-\\d+)/download$ { rewrite ^ /videos/$video last; }
    location /videos/ { internal; alias ${videos}/; addition_types *; add_after_body /videos/empty; }
  }
}
`;
}

function writeVideo(path: string, sizeBytes: number): void {
  const file = openSync(path, 'w');
  let written = writeSync(file, benchVideo(sizeBytes).opening);
  // Everything after the first GiB is a hole, which reads as zeros and takes no memory.
  const filled = Math.min(sizeBytes, 2 ** 30);
  while (written < filled) written += writeSync(file, BLOCK, 0, Math.min(BLOCK.length, filled - written));
  ftruncateSync(file, sizeBytes);
  closeSync(file);
}

/**
 * Passes connections on to another port, but only so many bytes a second back: nginx's own limit lets a second's bytes
 * through in one go.
 */
async function pacedPort(port: number): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let passed = 0;
    let startedMs: number | null = null;
    upstream.on('data', (piece) => {
      startedMs ??= performance.now();
      passed += piece.length;
      const hasRoom = client.write(piece);
      const aheadMs = startedMs + (passed / PACE_BYTES) * 1000 - performance.now();
      if (hasRoom && aheadMs < 1) return;
      upstream.pause();
      const resume = (): unknown => upstream.resume();
      if (hasRoom) setTimeout(resume, aheadMs);
      else client.once('drain', resume);
    });
    upstream.on('end', () => client.end()).on('error', () => client.destroy());
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    client.pipe(upstream);
  }).listen(0, '127.0.0.1');
  server.unref();
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** User and system time of a process so far, in seconds. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

const TICKS_A_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
