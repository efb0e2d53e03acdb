import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

/** A Slurm cluster on this machine: one controller, and nodes that are processes. */
export interface SlurmCluster {
  /** The environment that `sbatch` and similar programs need. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs one of Slurm's programs and returns its standard output without the final newline. */
  run(program: string, ...args: string[]): string;
  /** Kills a node and everything that runs on it, like a power cut, and marks it as down. */
  killNode(node: string): void;
}

const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** Starts a cluster with so many nodes, n1, n2 and so on; it is stopped when the test ends. */
export async function startSlurm(
  nodes: number,
  finallyDo: (cleanUp: () => void) => void,
): Promise<SlurmCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'mavi-slurm-'));
  const daemons = new Map<string, ChildProcess>();
  finallyDo(() => {
    for (const daemon of daemons.values()) daemon.kill('SIGKILL');
    killAll(processesOf(folder));
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (name: string, program: string, ...args: string[]): void => {
    const log = openSync(join(folder, `${name}.out`), 'w');
    daemons.set(name, spawn(program, args, { stdio: ['ignore', log, log], env: { PATH, SLURM_CONF: conf } }));
  };
  const conf = join(folder, 'slurm.conf');
  const socket = join(folder, 'munge.sock');
  writeFileSync(join(folder, 'munge.key'), randomBytes(128), { mode: 0o600 });
  mkdirSync(join(folder, 'state'));
  const [controllerPort = 0, ...ports] = await freePorts(nodes + 1);
  writeFileSync(conf, configuration(folder, socket, controllerPort, ports));

  const own = ['key-file', 'pid-file', 'log-file', 'seed-file'].map((name) => {
    return `--${name}=${join(folder, name === 'key-file' ? 'munge.key' : `munge.${name}`)}`;
  });
  start('munged', 'munged', '--foreground', '--force', `--socket=${socket}`, ...own);
  await expect.poll(() => readdirSync(folder), { timeout: 20_000 }).toContain('munge.sock');
  start('slurmctld', 'slurmctld', '-D', '-f', conf);
  for (const index of ports.keys()) start(`n${index + 1}`, 'slurmd', '-D', '-N', `n${index + 1}`, '-f', conf);

  const env = { SLURM_CONF: conf };
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      env: { PATH, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trimEnd();
  const idle = (): string => {
    try {
      return run('sinfo', '--noheader', '--states=idle', '--format=%D');
    } catch {
      return 'not yet';
    }
  };
  await expect.poll(idle, { timeout: 60_000, interval: 200 }).toBe(String(nodes));
  return {
    env,
    run,
    killNode(node) {
      daemons.get(node)?.kill('SIGKILL');
      killAll(processesOf(folder, `SLURMD_NODENAME=${node}\0`));
      run('scontrol', 'update', `NodeName=${node}`, 'State=DOWN', 'Reason=killed');
    },
  };
}

function configuration(
  folder: string,
  socket: string,
  controllerPort: number,
  ports: readonly number[],
): string {
  const { username } = userInfo();
  const name = hostname();
  return [
    'ClusterName=mavi',
    `SlurmctldHost=${name}(127.0.0.1)`,
    `SlurmctldPort=${controllerPort}`,
    `SlurmUser=${username}`,
    `SlurmdUser=${username}`,
    'AuthType=auth/munge',
    `AuthInfo=socket=${socket}`,
    'CredType=cred/munge',
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool-%n`,
    `SlurmctldPidFile=${folder}/slurmctld.pid`,
    `SlurmdPidFile=${folder}/slurmd-%n.pid`,
    `SlurmctldLogFile=${folder}/slurmctld.log`,
    `SlurmdLogFile=${folder}/slurmd-%n.log`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SwitchType=switch/none',
    'SelectType=select/linear',
    'JobAcctGatherType=jobacct_gather/none',
    'MpiDefault=none',
    'ReturnToService=2',
    'KillWait=1',
    ...ports.map(
      (port, index) => `NodeName=n${index + 1} NodeHostname=${name} NodeAddr=127.0.0.1 Port=${port} CPUs=1`,
    ),
    'PartitionName=main Nodes=ALL Default=YES State=UP',
    '',
  ].join('\n');
}

/** Ports that are currently free. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
}

/** The processes of a cluster's jobs, found by their environment, with their Slurm parents and their children. */
function processesOf(folder: string, variable = ''): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const jobs = all.filter((pid) => {
    const environment = read(pid, 'environ');
    return environment.includes(`SLURM_CONF=${folder}/`) && environment.includes(variable || 'SLURM_JOB_ID=');
  });
  const steps = jobs.map(parentOf).filter((pid) => read(pid, 'cmdline').includes('slurmstepd'));
  // A step that outlives its job would report the job as failed, and Slurm does not requeue a failed job.
  const found = new Set([...steps, ...jobs]);
  for (const pid of found) for (const child of all) if (parentOf(child) === pid) found.add(child);
  return [...found].filter((pid) => pid !== process.pid);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(read(pid, 'status'))?.[1] ?? 0);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has already exited.
    }
  }
}
