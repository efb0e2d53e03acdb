import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSession } from '../../src/api/session.ts';
import { run } from '../../src/cli.ts';
import { downloadContext } from '../../src/download/context.ts';
import { downloadVideo } from '../../src/download/video.ts';
import { ClosedPipe, exitCodeFor } from '../../src/errors.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { VideoRecord } from '../../src/record.ts';
import { type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { eagerClock } from './eager-clock.ts';
import { type Call, type Trouble, troubleAt, troubledDisk, troubles } from './failing-file-system.ts';
import { brokenPromises, fileBefore } from './invariant.ts';
import { playAll } from './play.ts';

/** Long enough to be written in several pieces. */
const VIDEO = generatedLibrary({ count: 1, sizeBytes: 2_600_000 }).at('default', 0) as StoredVideo;
const BYTES = await bytesOf(VIDEO);
const HALF = BYTES.length / 2;
const EXISTING = Buffer.from('what was there before');
const CODES = ['ENOSPC', 'EIO', 'EPERM', 'EBUSY', 'EXDEV'] as const;
const NAMES: Readonly<Record<string, string>> = {
  ENOSPC: 'disk_full',
  EIO: 'io_error',
  EPERM: 'no_permission',
  EBUSY: 'busy',
  EXDEV: 'bad_target',
};

let cases = 0;

interface Endured {
  readonly exitCode: number;
  readonly record: VideoRecord;
  readonly broken: readonly string[];
  readonly calls: ReadonlyMap<Call, number>;
  readonly folder: string;
}

/** Downloads onto a disk in trouble; the first try breaks half-way, so that the file is begun anew once. */
async function endure(
  trouble: Trouble,
  existing: Uint8Array | null,
  folder = tempDir(),
  offerRanges = false,
  mtimeMs: number | null = null,
): Promise<Endured> {
  cases += 1;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'video.mp4');
  if (existing !== null) writeFileSync(path, existing);
  const before = fileBefore(path);
  const mock = await withMock({ videos: [VIDEO], faults: `hangup@${HALF}x1`, offerRanges });
  const host = fakeHost({ cwd: folder, env: envFor(mock), clock: eagerClock(() => false) });
  const session = await openSession(host, { retries: '1' }, { verbose: false });
  const { fileSystem, calls } = troubledDisk(trouble);
  const context = downloadContext({
    host,
    session,
    rules: { level: 'full', container: 'mp4', checksum: false },
    maxTransfer: null,
    report: () => {},
    fileSystem,
  });
  const task = {
    videoNo: VIDEO.videoNo,
    uniqueId: 'default',
    destination: { kind: 'file', containers: ['mp4'], followsLinks: true, nameFor: () => path },
    whenExists: existing === null ? 'refuse' : 'force',
    existsHint: '',
    notWholeHint: '',
    listedSize: null,
    mtimeMs,
  } as const;
  const { record, error } = await downloadVideo(task, context);
  await mock.close();
  const exitCode = error === null ? 0 : exitCodeFor(error);
  const text = JSON.stringify(record) + host.errors();
  const broken = brokenPromises({
    exitCode,
    target: before,
    truth: BYTES,
    text,
    mock,
    mostRequests: 2,
  });
  return { exitCode, record, broken, calls, folder };
}

/** Whether a download gets over one failure of a call. */
function isOvercome(call: Call, turn: number, code: (typeof CODES)[number]): boolean {
  // What can be done without, or again, or in another way.
  if (call === 'list' || call === 'chmod' || call === 'unlink' || call === 'empty') return true;
  if (call === 'link') return code !== 'ENOSPC';
  // The second time is after the old file was replaced, which can't be undone: a warning.
  if (call === 'flushFolder') return turn === 2;
  return call === 'rename' && (code === 'EPERM' || code === 'EBUSY');
}

const WRITTEN = ['list', 'create', 'writev', 'empty', 'chmod', 'sync', 'identify', 'close'] as const;

describe.each([
  ['without --force', null, [...WRITTEN, 'link', 'unlink', 'flushFolder']],
  ['with --force', EXISTING, [...WRITTEN, 'flushFolder', 'rename', 'unlink']],
] as const)('a download %s onto a disk in trouble', (_title, existing, expectedCalls) => {
  it('makes these calls, and each of them can fail', async () => {
    const { exitCode, broken, calls } = await endure(() => null, existing);
    expect(broken).toEqual([]);
    expect(exitCode).toBe(0);
    expect([...calls.keys()].sort()).toEqual([...expectedCalls].sort());
    expect(calls.get('writev')).toBeGreaterThanOrEqual(3);
  });

  it.each(expectedCalls)('keeps the promise when %s fails once, whichever time it is', async (call) => {
    const turns = call === 'writev' ? [1, 2, 3] : call === 'flushFolder' && existing !== null ? [1, 2] : [1];
    const root = tempDir();
    const plans = turns.flatMap((turn) => CODES.map((code) => ({ turn, code })));
    const findings = await playAll(plans, async ({ turn, code }) => {
      const trouble = troubleAt(call, turn, { code });
      const { exitCode, record, broken } = await endure(trouble, existing, join(root, `${turn}-${code}`));
      const found = `${exitCode} ${record.error?.code ?? null}`;
      const expected = isOvercome(call, turn, code) ? '0 null' : `7 ${NAMES[code]}`;
      return [...broken, ...(found === expected ? [] : [`${found} instead of ${expected}`])].map(
        (finding) => `${code} at call ${turn}: ${finding}`,
      );
    });
    expect(findings).toEqual([]);
  });

  it.each([1, 2])(
    'builds on no bytes that were not written when the connection breaks and write %i fails',
    async (turn) => {
      const trouble = troubleAt('writev', turn, { code: 'ENOSPC' });
      const { exitCode, record, broken } = await endure(trouble, existing, tempDir(), true);
      expect(broken).toEqual([]);
      expect({ exitCode, code: record.error?.code }).toEqual({ exitCode: 7, code: 'disk_full' });
    },
  );

  it.each([1, 7, 8, 1000, 65_537])('writes all bytes when the disk takes %i at a time', async (mostBytes) => {
    const few = (call: Call, turn: number) => (call === 'writev' && turn < 200 ? { mostBytes } : null);
    const { exitCode, broken } = await endure(few, existing);
    expect(broken).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('fails when the disk takes no bytes any more, without an error', async () => {
    const full = (call: Call, turn: number) => (call === 'writev' && turn > 1 ? { mostBytes: 0 } : null);
    const { exitCode, record, broken } = await endure(full, existing);
    expect(broken).toEqual([]);
    expect(exitCode).toBe(7);
    expect(record.error?.code).toBe('io_error');
  });

  it.each(['EINVAL', 'ENOTSUP', 'ENOSYS'])(
    'does without a flush that the file system does not know (%s)',
    async (code) => {
      const { exitCode, broken } = await endure(troubleAt('sync', 1, { code }), existing);
      expect(broken).toEqual([]);
      expect(exitCode).toBe(0);
    },
  );

  it.each(['writev', 'sync', 'close'] as const)(
    'leaves nothing behind when %s fails and the file can be removed only a moment later',
    async (call) => {
      const busy = (each: Call, turn: number) => (each === 'unlink' && turn < 4 ? { code: 'EBUSY' } : null);
      const { exitCode, broken } = await endure(
        troubles(troubleAt(call, 1, { code: 'EIO' }), busy),
        existing,
      );
      expect(broken).toEqual([]);
      expect(exitCode).toBe(7);
    },
  );
});

describe('a download onto a file system without hard links', () => {
  const noLinks =
    (code: string): Trouble =>
    (call) =>
      call === 'link' ? { code } : null;

  it.each([
    'EPERM',
    'ENOTSUP',
    'ENOSYS',
    'EMLINK',
    'EXDEV',
    'EACCES',
    'EINVAL',
    'EISDIR',
    'EIO',
    'EANYTHING',
  ])('holds the name and renames where link answers %s', async (code) => {
    const { exitCode, broken, calls } = await endure(noLinks(code), null);
    expect(broken).toEqual([]);
    expect(exitCode).toBe(0);
    expect([calls.get('create'), calls.get('rename')]).toEqual([2, 1]);
  });

  it('does not replace what got the name meanwhile', async () => {
    const folder = tempDir();
    const path = join(folder, 'video.mp4');
    const late: Trouble = (call) => {
      if (call === 'sync') writeFileSync(path, EXISTING);
      return noLinks('EPERM')(call, 1);
    };
    const { exitCode, record } = await endure(late, null, folder);
    expect(exitCode).toBe(7);
    expect(record.error?.code).toBe('exists');
    expect(fileBefore(path)).toMatchObject({ held: EXISTING, names: ['video.mp4'] });
  });

  it('keeps the name from others until the file has it', async () => {
    const folder = tempDir();
    const path = join(folder, 'video.mp4');
    const seen: unknown[] = [];
    const { exitCode } = await endure(
      (call) => {
        if (call !== 'rename') return noLinks('EIO')(call, 1);
        const { size, mode } = statSync(path);
        seen.push(size, mode & 0o777);
        try {
          writeFileSync(path, 'another racer', { flag: 'wx' });
        } catch (error) {
          seen.push((error as NodeJS.ErrnoException).code);
        }
        return null;
      },
      null,
      folder,
    );
    expect([exitCode, ...seen]).toEqual([0, 0, 0o600, 'EEXIST']);
  });

  it.each([
    ['holding the name', 'create', 2],
    ['closing what holds it', 'close', 2],
  ] as const)('does without %s where that fails', async (_what, call, turn) => {
    const findings = await playAll(CODES, async (code) => {
      const trouble = troubles(noLinks('EPERM'), troubleAt(call, turn, { code }));
      const { exitCode, broken } = await endure(trouble, null, join(tempDir(), code));
      return [...broken, ...(exitCode === 0 ? [] : [`${code}: exit ${exitCode}`])];
    });
    expect(findings).toEqual([]);
  });

  it('keeps the promise when renaming fails for good', async () => {
    const root = tempDir();
    const findings = await playAll(CODES, async (code) => {
      const trouble: Trouble = (call) => (call === 'rename' ? { code } : noLinks('EPERM')(call, 1));
      const { exitCode, broken } = await endure(trouble, null, join(root, code));
      return [...broken, ...(exitCode === 7 ? [] : [`${code}: exit ${exitCode}`])];
    });
    expect(findings).toEqual([]);
  });
});

describe('a step that succeeded and reported an error', () => {
  it.each([
    ['link', null, 'EIO'],
    ['link', null, 'EEXIST'],
    ['rename', EXISTING, 'EIO'],
    ['rename', EXISTING, 'ENOENT'],
  ] as const)('is seen to be done: %s', async (call, existing, code) => {
    const { exitCode, broken } = await endure(
      (each) => (each === call ? { code, afterwards: true } : null),
      existing,
    );
    expect(broken).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('leaves no file behind when creating the temporary file fails after all', async () => {
    const { exitCode, broken } = await endure(
      (call) => (call === 'create' ? { code: 'EIO', afterwards: true } : null),
      null,
    );
    expect(broken).toEqual([]);
    expect(exitCode).toBe(7);
  });
});

describe('a file whose modification time is to be set', () => {
  it('gets it before it has its name, and without it there is a warning', async () => {
    const folder = tempDir();
    const taken = Date.UTC(2020, 1, 2, 3, 4, 5);
    const { exitCode } = await endure(() => null, null, folder, false, taken);
    expect([exitCode, statSync(join(folder, 'video.mp4')).mtimeMs]).toEqual([0, taken]);
    const failed = await endure(troubleAt('setTime', 1, { code: 'EPERM' }), null, tempDir(), false, taken);
    expect([failed.exitCode, failed.record.warnings]).toEqual([0, ['could not set its modification time']]);
  });
});

describe('a download onto a disk that stays in trouble', () => {
  it.each(['EPERM', 'EBUSY', 'EACCES'])(
    'fails when something holds the target for good (%s)',
    async (code) => {
      const { exitCode, broken, calls } = await endure(
        (call) => (call === 'rename' ? { code } : null),
        EXISTING,
      );
      expect(broken).toEqual([]);
      expect(exitCode).toBe(7);
      expect(calls.get('rename')).toBeGreaterThan(1);
    },
  );

  it('names the second name of a whole file that it cannot remove', async () => {
    const { exitCode, record, folder } = await endure(
      (call) => (call === 'unlink' ? { code: 'EBUSY' } : null),
      null,
    );
    expect(exitCode).toBe(0);
    const [left] = readdirSync(folder).filter((name) => name !== 'video.mp4');
    expect(record.warnings).toEqual([
      `could not remove ${join(folder, left ?? '')}, a second name of the same file`,
    ]);
    expect(fileBefore(join(folder, 'video.mp4')).held?.length).toBe(BYTES.length);
  });
});

describe('standard output in trouble', () => {
  /** Downloads into an output that fails at some write. */
  async function intoOutput(failAt: number, error: Error): Promise<{ exitCode: number; broken: string[] }> {
    cases += 1;
    const taken: Uint8Array[] = [];
    let turn = 0;
    const writeOut: FakeHostOptions['writeOut'] = async (chunks) => {
      turn += 1;
      if (turn === failAt) throw error;
      for (const chunk of chunks) taken.push(Buffer.from(chunk));
    };
    // Each fifth comes by a response of its own, and so by at least one write of its own.
    const faults = [1, 2, 3, 4].map((part) => `hangup@${Math.floor((BYTES.length * part) / 5)}x1`).join(',');
    const mock = await withMock({ videos: [VIDEO], faults });
    const host = fakeHost({ cwd: tempDir(), env: envFor(mock), writeOut, clock: eagerClock(() => false) });
    const exitCode = await run(['download', VIDEO.videoNo, '-o', '-'], host);
    const bytes = Buffer.concat(taken);
    const target = { kind: 'stdout', bytes } as const;
    const text = host.errors();
    const broken = brokenPromises({ exitCode, target, truth: BYTES, text, mock, mostRequests: 6 });
    return { exitCode, broken };
  }

  it.each(CODES.flatMap((code) => [1, 2, 5].map((turn) => [code, turn] as const)))(
    'ends with exit 7 when %s comes at write %i',
    async (code, turn) => {
      const { exitCode, broken } = await intoOutput(turn, Object.assign(new Error(code), { code }));
      expect(broken).toEqual([]);
      expect(exitCode).toBe(7);
    },
  );

  it.each([1, 2, 5])('ends with exit 141 when the reader is gone at write %i', async (turn) => {
    const { exitCode, broken } = await intoOutput(turn, new ClosedPipe());
    expect(broken).toEqual([]);
    expect(exitCode).toBe(141);
  });

  it.runIf(existsSync('/dev/full'))('ends with exit 7 when a device is full', async () => {
    const mock = await withMock({ videos: [VIDEO] });
    const host = fakeHost({ cwd: tempDir(), env: envFor(mock) });
    expect(await run(['download', VIDEO.videoNo, '-o', '/dev/full'], host)).toBe(7);
    expect(host.errors()).toContain('cannot write /dev/full: the disk is full');
  });
});

afterAll(() => {
  process.stdout.write(`invariant: ${cases} downloads onto disks and outputs in trouble\n`);
});
