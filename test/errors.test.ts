import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AccountError,
  BodyError,
  BudgetError,
  ClosedPipe,
  EXIT_CODES,
  type ExitCode,
  exitCodeFor,
  Interrupted,
  LocalError,
  MaviError,
  mergeExitCodes,
  NetworkError,
  RateLimitError,
  RefusedError,
  SIGNAL_EXIT_CODES,
  TruncatedError,
  UsageError,
} from '../src/errors.ts';

const KEY = `sk-mavi-${'k'.repeat(118)}wxyz`;

describe('the exit codes', () => {
  it('each have a documented meaning', () => {
    expect(EXIT_CODES).toEqual({
      0: 'all done',
      1: 'unexpected error; or several videos failed in different ways',
      2: 'usage: bad flag, argument or setting',
      3: 'key missing or refused; account disabled; no credits',
      4: 'refused by the API: unknown video, wrong scope or another final error',
      5: 'the download is not a complete, matching video',
      6: 'network: DNS, TLS, connection, timeout, stall, HTTP 5xx, after all retries',
      7: 'local: file exists, no permission, disk full, bad folder',
      8: 'still rate-limited after all retries',
      9: 'stopped by --max-transfer or --max-cost before all was done',
      129: 'ended by SIGHUP',
      130: 'ended by SIGINT',
      141: 'the reader closed the pipe',
      143: 'ended by SIGTERM',
    });
  });

  it('of signals are 128 plus the signal number', () => {
    expect(SIGNAL_EXIT_CODES).toEqual({ SIGHUP: 128 + 1, SIGINT: 128 + 2, SIGTERM: 128 + 15 });
  });
});

describe('the exit code of an error', () => {
  it.each<[MaviError, ExitCode, string, boolean]>([
    [new UsageError('x'), 2, 'usage', false],
    [new AccountError('0401', 'x'), 3, '0401', false],
    [new RefusedError('0001', 'x'), 4, '0001', false],
    [new BodyError('not_mp4', 'x'), 5, 'not_mp4', false],
    [new TruncatedError('x', 7), 5, 'truncated', true],
    [new NetworkError('stall', 'x'), 6, 'stall', true],
    [new NetworkError('tls', 'x', { retryable: false }), 6, 'tls', false],
    [new LocalError('disk_full', 'x'), 7, 'disk_full', false],
    [new RateLimitError('0429', 'x'), 8, '0429', true],
    [new BudgetError('max_transfer', 'x'), 9, 'max_transfer', false],
    [new Interrupted('SIGINT'), 130, 'interrupted', true],
    [new Interrupted('SIGTERM'), 143, 'interrupted', true],
    [new Interrupted('SIGHUP'), 129, 'interrupted', true],
    [new ClosedPipe(), 141, 'closed_pipe', false],
  ])('%s', (error, exitCode, code, retryable) => {
    expect(exitCodeFor(error)).toBe(exitCode);
    expect(error).toMatchObject({ exitCode, code, retryable, name: error.constructor.name });
    expect(error).toBeInstanceOf(MaviError);
    expect(exitCode in EXIT_CODES).toBe(true);
  });

  it.each([new Error('x'), new TypeError('x'), 'text', undefined, null, { exitCode: 3 }])(
    'that is unexpected is 1 (%s)',
    (thrown) => {
      expect(exitCodeFor(thrown)).toBe(1);
    },
  );
});

describe('an error', () => {
  it('keeps its cause', () => {
    const cause = new Error('first');
    expect(new LocalError('io_error', 'x', { cause }).cause).toBe(cause);
    expect('cause' in new LocalError('io_error', 'x')).toBe(false);
  });

  it('keeps its details', () => {
    expect(new TruncatedError('x', 1234).lengthBytes).toBe(1234);
    expect(new Interrupted('SIGTERM')).toMatchObject({ message: 'ended by SIGTERM' });
    expect(new NetworkError('x', 'x', { retryAfterMs: 5 }).retryAfterMs).toBe(5);
    expect(new NetworkError('x', 'x').retryAfterMs).toBeNull();
    expect(new RateLimitError('x', 'x', { retryAfterMs: 0 }).retryAfterMs).toBe(0);
    expect(new RateLimitError('x', 'x', { retryAfterMs: undefined }).retryAfterMs).toBeNull();
  });

  it('has no hint by default, and one without control characters', () => {
    expect(new LocalError('x', 'x').hint).toBe('');
    expect(new LocalError('x', 'x', { hint: 'do this, \u0007then that' }).hint).toBe('do this, then that');
  });

  it('about a truncated video says how to download it anyway', () => {
    expect(new TruncatedError('x', 7).hint).toMatch(/--verify ftyp downloads it as it is/);
  });

  it('has a message of one line without control characters', () => {
    const error = new RefusedError('x', 'two\nlines \u001b[31mand\u202e red\u0007');
    expect(error.message).toBe('two lines [31mand red');
  });

  it('contains no key in its message, hint or stack', () => {
    const error = new RefusedError('x', `refused ${KEY}!`, { hint: `look at ${KEY}` });
    expect(error.message).toBe('refused sk-mavi-…wxyz!');
    expect(error.hint).toBe('look at sk-mavi-…wxyz');
    expect(error.stack).not.toContain('kkkk');
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('kkkk');
  });
});

describe('the exit code of several videos', () => {
  it.each<[ExitCode[], ExitCode]>([
    [[], 0],
    [[0], 0],
    [[0, 0, 0], 0],
    [[4], 4],
    [[0, 4, 0], 4],
    [[5, 0, 5, 5], 5],
    [[4, 5], 1],
    [[0, 6, 7], 1],
    [[1, 1], 1],
    [[1, 4], 1],
    [[9, 0], 9],
    [[130], 130],
  ])('of %j is %i', (codes, merged) => {
    expect(mergeExitCodes(codes)).toBe(merged);
  });

  it("is 0 if none failed, the failures' exit code if it is the same, and otherwise 1", () => {
    const codes = Object.keys(EXIT_CODES).map((code) => Number(code) as ExitCode);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...codes)), (some) => {
        const failures = some.filter((code) => code !== 0);
        const agree = failures.every((code) => code === failures[0]);
        expect(mergeExitCodes(new Set(some))).toBe(agree ? (failures[0] ?? 0) : 1);
        expect(mergeExitCodes([...some].reverse())).toBe(mergeExitCodes(some));
      }),
    );
  });
});
