import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfSigned } from '../../mock/self-signed.ts';
import type { Work } from './contenders.ts';

/** The server of the bench, in a process of its own. */
export interface BenchServer extends Pick<Work, 'origins' | 'certPath'> {
  close(): void;
}

/** Starts the server, with a certificate made for this run. */
export async function startBenchServer(folder: string): Promise<BenchServer> {
  const { key, cert } = selfSigned();
  const keyPath = join(folder, 'key.pem');
  const certPath = join(folder, 'cert.pem');
  writeFileSync(keyPath, key, { mode: 0o600 });
  writeFileSync(certPath, cert);
  const child = spawn(process.execPath, [join(folder, 'server.mjs'), keyPath, certPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => child.kill());
  const [line] = await once(child.stdout, 'data');
  return { origins: JSON.parse(String(line)), certPath, close: () => child.kill() };
}
