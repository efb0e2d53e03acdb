/**
 * Enumerates, like ALICE and CrashMonkey, what a power cut may leave of the calls that a program made: any part of what
 * was not flushed may be missing. Flushing a file makes its content safe, flushing its folder makes its name safe.
 */
import { dirname } from 'node:path';
import type { SystemCall } from '../helpers/strace.ts';

/** One change that a program makes to the disk. Paths are absolute. */
export type Step =
  | {
      readonly kind: 'create' | 'mkdir' | 'unlink' | 'write' | 'flush';
      readonly path: string;
      readonly text?: string;
    }
  | { readonly kind: 'link' | 'rename'; readonly path: string; readonly to: string };

/** A file or folder, independent of its name. */
export interface Inode {
  readonly name: string;
  readonly isFolder: boolean;
  /** The texts written, in order; the first `flushed` of them are safe. */
  readonly written: string[];
  flushed: number;
}

/** What is on the disk after a power cut. */
export interface Remains {
  /** After how many steps the power was cut. */
  readonly steps: number;
  /** The file or folder at a path; null if it or a folder above it is missing. */
  find(path: string): Inode | null;
  /** Whether everything written to it so far is safe. */
  isComplete(inode: Inode): boolean;
  /** All texts that the file may contain. */
  textsOf(inode: Inode): readonly string[];
}

interface Change {
  readonly folder: string;
  readonly path: string;
  readonly inode: Inode | null;
  /** Either all changes of one call take effect, or none. */
  readonly call: number;
}

/** The steps below a folder, from the output of `strace -y`. */
export function stepsOf(calls: readonly SystemCall[], below: string, cwd: string): Step[] {
  const steps: Step[] = [];
  const absolute = (text: string): string =>
    (text.startsWith('/') ? text : `${cwd}/${text}`).replace(/\/\.(?=\/|$)/g, '');
  const existing = new Set<string>();
  for (const { name, args } of calls) {
    const failed = / = -1 /.test(args);
    const names = [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, each = '']) => each);
    const descriptor = /^\d+<([^>]*?)(?: \(deleted\))?>/.exec(args)?.[1] ?? '';
    if (failed) continue;
    if (name === 'openat' && args.includes('O_CREAT')) {
      const path = absolute(names[0] ?? '');
      if (!args.includes('O_EXCL') && existing.has(path)) continue;
      existing.add(path);
      steps.push({ kind: 'create', path });
    } else if (/^mkdir/.test(name)) steps.push({ kind: 'mkdir', path: absolute(names[0] ?? '') });
    else if (/^unlink/.test(name)) steps.push({ kind: 'unlink', path: absolute(names[0] ?? '') });
    else if (/^link/.test(name) || /^rename/.test(name)) {
      const kind = name.startsWith('link') ? 'link' : 'rename';
      steps.push({ kind, path: absolute(names[0] ?? ''), to: absolute(names[1] ?? '') });
    } else if (/^p?write/.test(name)) {
      steps.push({ kind: 'write', path: descriptor, text: names.join('').replaceAll('\\"', '"') });
    } else if (/^f(data)?sync$/.test(name)) steps.push({ kind: 'flush', path: descriptor });
  }
  return steps.filter((step) => step.path === below || step.path.startsWith(`${below}/`));
}

/**
 * Every state of the disk that a power cut after any of the steps may leave.
 * @param old files that exist before the first step
 */
export function* powerCuts(steps: readonly Step[], old: readonly string[] = []): Generator<Remains> {
  const now = new Map<string, Inode>();
  const safe = new Map<string, Inode>();
  for (const path of old) {
    const inode = { name: 'old', isFolder: false, written: [], flushed: 0 };
    now.set(path, inode);
    safe.set(path, inode);
  }
  const made = new Set<string>();
  let pending: Change[] = [];
  for (let count = 0; count <= steps.length; count += 1) {
    if (count > 0) perform(steps[count - 1] as Step, count);
    const calls = [...new Set(pending.map(({ call }) => call))];
    if (calls.length > 14) throw new Error(`${calls.length} calls without a flush are too many to enumerate`);
    for (let subset = 0; subset < 2 ** calls.length; subset += 1) {
      const disk = new Map(safe);
      for (const { path, inode, call } of pending) {
        if ((subset >> calls.indexOf(call)) % 2 === 0) continue;
        if (inode === null) disk.delete(path);
        else disk.set(path, inode);
      }
      yield remains(disk, count);
    }
  }

  function perform(step: Step, call: number): void {
    const inode = now.get(step.path) ?? null;
    const change = (path: string, to: Inode | null): void => {
      if (to === null) now.delete(path);
      else now.set(path, to);
      pending.push({ folder: dirname(path), path, inode: to, call });
    };
    if ('to' in step) {
      change(step.to, inode);
      if (step.kind === 'rename') change(step.path, null);
    } else if (step.kind === 'create' || step.kind === 'mkdir') {
      if (step.kind === 'mkdir') made.add(step.path);
      change(step.path, { name: step.path, isFolder: step.kind === 'mkdir', written: [], flushed: 0 });
    } else if (step.kind === 'unlink') change(step.path, null);
    else if (step.kind === 'write') inode?.written.push(step.text ?? '');
    else {
      if (inode !== null) inode.flushed = inode.written.length;
      for (const each of pending.filter(({ folder }) => folder === step.path)) {
        if (each.inode === null) safe.delete(each.path);
        else safe.set(each.path, each.inode);
      }
      pending = pending.filter(({ folder }) => folder !== step.path);
    }
  }

  function remains(disk: ReadonlyMap<string, Inode>, count: number): Remains {
    return {
      steps: count,
      find(path) {
        for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
          if (made.has(folder) && !disk.has(folder)) return null;
        }
        return disk.get(path) ?? null;
      },
      isComplete: (inode) => inode.flushed === inode.written.length,
      textsOf: (inode) => [...inode.written],
    };
  }
}
