import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSession } from '../../src/api/client.ts';
import { run } from '../../src/cli.ts';
import { Budget, type DownloadContext } from '../../src/download/context.ts';
import { partialFiles } from '../../src/download/partial-file.ts';
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
import { type Call, combined, type FailurePlan, failingDisk, failureAt } from './failing-file-system.ts';
import { fileBefore, violationsOf } from './invariant.ts';
import { playAll } from './play.ts';

/** Large enough to be written in several pieces. */
const VIDEO = generatedLibrary({ count: 1, sizeBytes: 2_600_000 }).at('default', 0) as StoredVideo;
const BYTES = await bytesOf(VIDEO);
const HALF = BYTES.length / 2;
const EXISTING = Buffer.from('the old content');
const CODES = ['ENOSPC', 'EIO', 'EPERM', 'EBUSY', 'EXDEV'] as const;
const NAMES: Readonly<Record<string, string>> = {
  ENOSPC: 'disk_full',
  EIO: 'io_error',
  EPERM: 'no_permission',
  EBUSY: 'busy',
  EXDEV: 'bad_target',
};

let cases = 0;

interface Outcome {
  readonly exitCode: number;
  readonly record: VideoRecord;
  readonly violations: readonly string[];
  readonly calls: ReadonlyMap<Call, number>;
  readonly folder: string;
}

/** Downloads onto a failing disk; the first attempt is interrupted halfway, so that the file is started over once. */
async function downloadOnto(
  failurePlan: FailurePlan,
  existing: Uint8Array | null,
  folder = tempDir(),
  offerRanges = false,
  mtimeMs: number | null = null,
): Promise<Outcome> {
  cases += 1;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'video.mp4');
  if (existing !== null) writeFileSync(path, existing);
  const before = fileBefore(path);
  const mock = await withMock({ videos: [VIDEO], faults: `hangup@${HALF}x1`, offerRanges });
  const host = fakeHost({ cwd: folder, env: envFor(mock), clock: eagerClock(() => false) });
  const session = await openSession(host, { retries: '1' }, { verbose: false });
  const { fileSystem, calls } = failingDisk(failurePlan);
  const context: DownloadContext = {
    ...session,
    host,
    rules: { level: 'full', container: 'mp4', checksum: false },
    fileSystem,
    partialFiles: partialFiles(host, fileSystem),
    throttle: null,
    budget: new Budget(null),
    report: () => {},
    stop: host.interrupt,
    noNewVideos: new AbortController().signal,
  };
  const task = {
    videoNo: VIDEO.videoNo,
    uniqueId: 'default',
    destination: { kind: 'file', containers: ['mp4'], followsLinks: true, nameFor: () => path },
    whenExists: existing === null ? 'refuse' : 'force',
    existsHint: '',
    incompleteHint: '',
    listedSize: null,
    mtimeMs,
  } as const;
  const { record, error } = await downloadVideo(task, context);
  await mock.close();
  const exitCode = error === null ? 0 : exitCodeFor(error);
  const text = JSON.stringify(record) + host.errors();
  const violations = violationsOf({
    exitCode,
    target: before,
    truth: BYTES,
    text,
    mock,
    mostRequests: 2,
  });
  return { exitCode, record, violations, calls, folder };
}

/** Whether a download succeeds despite one failure of a call. */
function isTolerated(call: Call, turn: number, code: (typeof CODES)[number]): boolean {
  // These calls are optional, or retried, or replaced by other calls.
  if (call === 'list' || call === 'chmod' || call === 'unlink' || call === 'empty') return true;
  if (call === 'link') return code !== 'ENOSPC';
  // The second flush follows the replacement of the old file, which can't be undone: only a warning.
  if (call === 'flushFolder') return turn === 2;
  return call === 'rename' && (code === 'EPERM' || code === 'EBUSY');
}

const WRITTEN = ['list', 'create', 'writev', 'empty', 'chmod', 'sync', 'identify', 'close'] as const;

describe.each([
  ['without --force', null, [...WRITTEN, 'link', 'unlink', 'flushFolder']],
  ['with --force', EXISTING, [...WRITTEN, 'flushFolder', 'rename', 'unlink']],
] as const)('a download %s onto a failing disk', (_title, existing, expectedCalls) => {
  it('makes exactly the calls that the tests below make fail', async () => {
    const { exitCode, violations, calls } = await downloadOnto(() => null, existing);
    expect(violations).toEqual([]);
    expect(exitCode).toBe(0);
    expect([...calls.keys()].sort()).toEqual([...expectedCalls].sort());
    expect(calls.get('writev')).toBeGreaterThanOrEqual(3);
  });

  it.each(expectedCalls)('keeps the invariant when %s fails once, at any of its calls', async (call) => {
    const turns = call === 'writev' ? [1, 2, 3] : call === 'flushFolder' && existing !== null ? [1, 2] : [1];
    const root = tempDir();
    const plans = turns.flatMap((turn) => CODES.map((code) => ({ turn, code })));
    const findings = await playAll(plans, async ({ turn, code }) => {
      const failurePlan = failureAt(call, turn, { code });
      const { exitCode, record, violations } = await downloadOnto(
        failurePlan,
        existing,
        join(root, `${turn}-${code}`),
      );
      const found = `${exitCode} ${record.error?.code ?? null}`;
      const expected = isTolerated(call, turn, code) ? '0 null' : `7 ${NAMES[code]}`;
      return [...violations, ...(found === expected ? [] : [`${found} instead of ${expected}`])].map(
        (finding) => `${code} at call ${turn}: ${finding}`,
      );
    });
    expect(findings).toEqual([]);
  });

  it.each([1, 2])(
    'does not resume after unwritten bytes when the connection is lost and write %i fails',
    async (turn) => {
      const failurePlan = failureAt('writev', turn, { code: 'ENOSPC' });
      const { exitCode, record, violations } = await downloadOnto(failurePlan, existing, tempDir(), true);
      expect(violations).toEqual([]);
      expect({ exitCode, code: record.error?.code }).toEqual({ exitCode: 7, code: 'disk_full' });
    },
  );

  it.each([1, 7, 8, 1000, 65_537])(
    'writes all bytes when the disk accepts %i at a time',
    async (mostBytes) => {
      const few = (call: Call, turn: number) => (call === 'writev' && turn < 200 ? { mostBytes } : null);
      const { exitCode, violations } = await downloadOnto(few, existing);
      expect(violations).toEqual([]);
      expect(exitCode).toBe(0);
    },
  );

  it('fails when the disk accepts no more bytes but reports no error', async () => {
    const full = (call: Call, turn: number) => (call === 'writev' && turn > 1 ? { mostBytes: 0 } : null);
    const { exitCode, record, violations } = await downloadOnto(full, existing);
    expect(violations).toEqual([]);
    expect(exitCode).toBe(7);
    expect(record.error?.code).toBe('io_error');
  });

  it.each(['EINVAL', 'ENOTSUP', 'ENOSYS'])(
    'tolerates a file system that does not support flushing (%s)',
    async (code) => {
      const { exitCode, violations } = await downloadOnto(failureAt('sync', 1, { code }), existing);
      expect(violations).toEqual([]);
      expect(exitCode).toBe(0);
    },
  );

  it.each(['writev', 'sync', 'close'] as const)(
    'leaves no temporary file behind when %s fails and the file cannot be removed immediately',
    async (call) => {
      const busy = (each: Call, turn: number) => (each === 'unlink' && turn < 4 ? { code: 'EBUSY' } : null);
      const { exitCode, violations } = await downloadOnto(
        combined(failureAt(call, 1, { code: 'EIO' }), busy),
        existing,
      );
      expect(violations).toEqual([]);
      expect(exitCode).toBe(7);
    },
  );
});

describe('a download onto a file system without hard links', () => {
  const withoutLinks =
    (code: string): FailurePlan =>
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
  ])('reserves the name and renames when link fails with %s', async (code) => {
    const { exitCode, violations, calls } = await downloadOnto(withoutLinks(code), null);
    expect(violations).toEqual([]);
    expect(exitCode).toBe(0);
    expect([calls.get('create'), calls.get('rename')]).toEqual([2, 1]);
  });

  it('does not replace a file that was created meanwhile', async () => {
    const folder = tempDir();
    const path = join(folder, 'video.mp4');
    const late: FailurePlan = (call) => {
      if (call === 'sync') writeFileSync(path, EXISTING);
      return withoutLinks('EPERM')(call, 1);
    };
    const { exitCode, record } = await downloadOnto(late, null, folder);
    expect(exitCode).toBe(7);
    expect(record.error?.code).toBe('exists');
    expect(fileBefore(path)).toMatchObject({ held: EXISTING, names: ['video.mp4'] });
  });

  it('reserves the name until the file is renamed to it', async () => {
    const folder = tempDir();
    const path = join(folder, 'video.mp4');
    const seen: unknown[] = [];
    const { exitCode } = await downloadOnto(
      (call) => {
        if (call !== 'rename') return withoutLinks('EIO')(call, 1);
        const { size, mode } = statSync(path);
        seen.push(size, mode & 0o777);
        try {
          writeFileSync(path, 'from another process', { flag: 'wx' });
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
    ['reserving the name', 'create', 2],
    ['closing the placeholder', 'close', 2],
  ] as const)('succeeds when %s fails', async (_what, call, turn) => {
    const findings = await playAll(CODES, async (code) => {
      const failurePlan = combined(withoutLinks('EPERM'), failureAt(call, turn, { code }));
      const { exitCode, violations } = await downloadOnto(failurePlan, null, join(tempDir(), code));
      return [...violations, ...(exitCode === 0 ? [] : [`${code}: exit ${exitCode}`])];
    });
    expect(findings).toEqual([]);
  });

  it('keeps the invariant when renaming always fails', async () => {
    const root = tempDir();
    const findings = await playAll(CODES, async (code) => {
      const failurePlan: FailurePlan = (call) =>
        call === 'rename' ? { code } : withoutLinks('EPERM')(call, 1);
      const { exitCode, violations } = await downloadOnto(failurePlan, null, join(root, code));
      return [...violations, ...(exitCode === 7 ? [] : [`${code}: exit ${exitCode}`])];
    });
    expect(findings).toEqual([]);
  });
});

describe('a call that succeeds but reports an error', () => {
  it.each([
    ['link', null, 'EIO'],
    ['link', null, 'EEXIST'],
    ['rename', EXISTING, 'EIO'],
    ['rename', EXISTING, 'ENOENT'],
  ] as const)('is recognized as successful: %s', async (call, existing, code) => {
    const { exitCode, violations } = await downloadOnto(
      (each) => (each === call ? { code, afterwards: true } : null),
      existing,
    );
    expect(violations).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('leaves no file behind when it created the temporary file', async () => {
    const { exitCode, violations } = await downloadOnto(
      (call) => (call === 'create' ? { code: 'EIO', afterwards: true } : null),
      null,
    );
    expect(violations).toEqual([]);
    expect(exitCode).toBe(7);
  });
});

describe('the modification time of a file', () => {
  it('is set before publication; a failure to set it causes only a warning', async () => {
    const folder = tempDir();
    const taken = Date.UTC(2020, 1, 2, 3, 4, 5);
    const { exitCode } = await downloadOnto(() => null, null, folder, false, taken);
    expect([exitCode, statSync(join(folder, 'video.mp4')).mtimeMs]).toEqual([0, taken]);
    const failed = await downloadOnto(
      failureAt('setTime', 1, { code: 'EPERM' }),
      null,
      tempDir(),
      false,
      taken,
    );
    expect([failed.exitCode, failed.record.warnings]).toEqual([0, ['could not set its modification time']]);
  });
});

describe('a download onto a disk that keeps failing', () => {
  it.each(['EPERM', 'EBUSY', 'EACCES'])('fails when the target stays locked (%s)', async (code) => {
    const { exitCode, violations, calls } = await downloadOnto(
      (call) => (call === 'rename' ? { code } : null),
      EXISTING,
    );
    expect(violations).toEqual([]);
    expect(exitCode).toBe(7);
    expect(calls.get('rename')).toBeGreaterThan(1);
  });

  it('names the temporary file that it cannot remove after success', async () => {
    const { exitCode, record, folder } = await downloadOnto(
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

describe('standard output that fails', () => {
  /** Downloads to a standard output that fails at the given write. */
  async function intoOutput(
    failAt: number,
    error: Error,
  ): Promise<{ exitCode: number; violations: string[] }> {
    cases += 1;
    const taken: Uint8Array[] = [];
    let turn = 0;
    const writeOut: FakeHostOptions['writeOut'] = async (chunks) => {
      turn += 1;
      if (turn === failAt) throw error;
      for (const chunk of chunks) taken.push(Buffer.from(chunk));
    };
    // Each fifth arrives in its own response, and so in at least one separate write.
    const faults = [1, 2, 3, 4].map((part) => `hangup@${Math.floor((BYTES.length * part) / 5)}x1`).join(',');
    const mock = await withMock({ videos: [VIDEO], faults });
    const host = fakeHost({ cwd: tempDir(), env: envFor(mock), writeOut, clock: eagerClock(() => false) });
    const exitCode = await run(['download', VIDEO.videoNo, '-o', '-'], host);
    const bytes = Buffer.concat(taken);
    const target = { kind: 'stdout', bytes } as const;
    const text = host.errors();
    const violations = violationsOf({ exitCode, target, truth: BYTES, text, mock, mostRequests: 6 });
    return { exitCode, violations };
  }

  it.each(CODES.flatMap((code) => [1, 2, 5].map((turn) => [code, turn] as const)))(
    'makes mavi exit 7 on %s at write %i',
    async (code, turn) => {
      const { exitCode, violations } = await intoOutput(turn, Object.assign(new Error(code), { code }));
      expect(violations).toEqual([]);
      expect(exitCode).toBe(7);
    },
  );

  it.each([1, 2, 5])('makes mavi exit 141 when the reader has gone at write %i', async (turn) => {
    const { exitCode, violations } = await intoOutput(turn, new ClosedPipe());
    expect(violations).toEqual([]);
    expect(exitCode).toBe(141);
  });

  it.runIf(existsSync('/dev/full'))('makes mavi exit 7 when it is a full device', async () => {
    const mock = await withMock({ videos: [VIDEO] });
    const host = fakeHost({ cwd: tempDir(), env: envFor(mock) });
    expect(await run(['download', VIDEO.videoNo, '-o', '/dev/full'], host)).toBe(7);
    expect(host.errors()).toContain('cannot write /dev/full: the disk is full');
  });
});

afterAll(() => {
  process.stdout.write(`invariant: ${cases} downloads onto failing disks and outputs\n`);
});
