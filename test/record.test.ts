import { describe, expect, it } from 'vitest';
import { LocalError, NetworkError } from '../src/errors.ts';
import { recordedError, recordFrom, type VideoRecord } from '../src/record.ts';

const RECORD: VideoRecord = {
  video_no: 'VI1',
  unique_id: 'default',
  status: 'downloaded',
  file: 'clips/VI1.mp4',
  bytes: 10,
  bytes_received: 10,
  expected_size: null,
  sha256: null,
  seconds: 1.5,
  attempts: 1,
  brand: 'isom',
  downloaded_at: '2026-01-02T03:04:05.000Z',
  error: null,
  warnings: [],
};

describe('the file of a record', () => {
  it.each([
    ['/home/me', '/home/me', 'clips/VI1.mp4', 'clips/VI1.mp4'],
    ['/home/me/clips', '/home/me', 'clips/VI1.mp4', 'VI1.mp4'],
    ['/home/me/logs', '/home/me', 'clips/VI1.mp4', '../clips/VI1.mp4'],
    ['/', '/home/me', 'VI1.mp4', 'home/me/VI1.mp4'],
    ['/home/me', '/home/me', '/srv/VI1.mp4', '../../srv/VI1.mp4'],
    ['/home/me', '/home/me', './x/../VI1.mp4', 'VI1.mp4'],
  ])('relative to %s, for a run in %s: %s is written as %s', (folder, cwd, file, shown) => {
    expect(recordFrom(folder, cwd, { ...RECORD, file })).toEqual({ ...RECORD, file: shown });
  });

  it('is null for standard output', () => {
    expect(recordFrom('/a', '/b', { ...RECORD, file: null })).toEqual({ ...RECORD, file: null });
  });

  it('is rewritten in a copy of the record', () => {
    recordFrom('/a', '/b', RECORD);
    expect(RECORD.file).toBe('clips/VI1.mp4');
  });
});

describe('an error in a record', () => {
  it('has an exit code, a code, a message, a hint, and whether a retry may help', () => {
    const error = new LocalError('disk_full', 'no room', { hint: 'make room' });
    expect(recordedError(error, [])).toEqual({
      exit_code: 7,
      code: 'disk_full',
      message: 'no room',
      retryable: false,
      hint: 'make room',
    });
    expect(recordedError(new NetworkError('stall', 'x'), [])).toMatchObject({
      exit_code: 6,
      retryable: true,
    });
  });

  it.each([
    [new TypeError('a defect'), 'a defect'],
    ['just words', 'just words'],
    [undefined, 'undefined'],
  ])('of an unknown kind is recorded as unexpected: %s', (thrown, message) => {
    expect(recordedError(thrown, [])).toEqual({
      exit_code: 1,
      code: 'unexpected',
      message: `unexpected error: ${message}`,
      retryable: false,
      hint: 'run it again with --verbose to see where',
    });
  });

  it('contains no secret', () => {
    const secret = 'plain-secret-wxyz';
    const error = new LocalError('x', `about ${secret}`, { hint: `not ${secret}` });
    expect(recordedError(error, [secret])).toMatchObject({ message: 'about …wxyz', hint: 'not …wxyz' });
    expect(recordedError(new Error(`about ${secret}`), [secret]).message).toBe(
      'unexpected error: about …wxyz',
    );
    expect(recordedError(secret, [secret]).message).toBe('unexpected error: …wxyz');
  });
});
