/** Whether a process that left a lock or a temporary file behind still runs. */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type Host, orNull } from './host.ts';

/** The parts of the host that identify this process. */
export type ProcessHost = Pick<Host, 'hostname' | 'pid' | 'isAlive'>;

/** In place of what is not known, as without `/proc` on macOS. */
const NOT_KNOWN = '0';

/**
 * Identifies this process across machines, reboots, containers and reused process ids: hexadecimal fields joined by
 * `-`, at most 48 characters, so that it can be part of a file name.
 */
export function processIdentity({ hostname, pid }: ProcessHost): string {
  const namespace = orNull(() => readlinkSync('/proc/self/ns/pid')) ?? '';
  return [
    shortHash(hostname + (readText('/etc/machine-id') ?? ''), 8),
    shortHash(bootId(), 6),
    Number(/\d+/.exec(namespace)?.[0] ?? NOT_KNOWN).toString(16),
    pid.toString(16),
    statOf(pid)?.startTime ?? NOT_KNOWN,
  ].join('-');
}

/**
 * Whether the process with that identity runs; `unknown` if that may be on another machine or in another container.
 * Never judged by age: clocks step, and file systems round times.
 */
export function livenessOf(identity: string, host: ProcessHost): 'alive' | 'dead' | 'unknown' {
  const fields = /^([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)$/.exec(identity)?.slice(1);
  if (fields === undefined) return 'unknown';
  const [machine, boot, namespace, pid = '', startTime] = fields;
  const [ownMachine, ownBoot, ownNamespace] = processIdentity(host).split('-');
  if (machine !== ownMachine) return 'unknown';
  // The machine has rebooted since.
  if (boot !== ownBoot) return 'dead';
  if (namespace !== ownNamespace) return 'unknown';
  const number = Number.parseInt(pid, 16);
  if (!host.isAlive(number)) return 'dead';
  // Another user's process may be hidden; then the PID alone has to do.
  const stat = statOf(number);
  if (stat === null) return 'alive';
  const isAnother = startTime !== NOT_KNOWN && stat.startTime !== startTime;
  return isAnother || stat.hasEnded ? 'dead' : 'alive';
}

/** Differs from one start of the machine to the next; null if unknown. */
export function bootId(): string | null {
  return readText('/proc/sys/kernel/random/boot_id');
}

/** When a process started, in clock ticks since the boot, as hex, and whether it is a zombie; null if unknown. */
function statOf(pid: number): { startTime: string; hasEnded: boolean } | null {
  // The name of the program, in parentheses, may hold spaces and parentheses itself.
  const fields = readText(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  const ticks = Number(fields?.[19]);
  if (fields === undefined || !Number.isSafeInteger(ticks)) return null;
  return { startTime: ticks.toString(16), hasEnded: fields[0] === 'Z' || fields[0] === 'X' };
}

function readText(path: string): string | null {
  return orNull(() => readFileSync(path, 'utf8').trim());
}

function shortHash(text: string | null, digits: number): string {
  return text === null ? NOT_KNOWN : createHash('sha256').update(text).digest('hex').slice(0, digits);
}
