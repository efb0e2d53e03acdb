import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/temp-dir.ts';
import { withOtherMedia } from './expectations.ts';
import { LAYOUTS, layoutVideo } from './layouts.ts';
import { type Case, type Played, play } from './play.ts';

const BYTES = LAYOUTS['moov-last'];
const SIZE = BYTES.length;
const CUT = 50_000;

function playInterrupted(to: Case['to'], faults: string, more: Partial<Case> = {}): Promise<Played> {
  return play({
    folder: join(tempDir(), 'here'),
    video: layoutVideo('moov-last'),
    to,
    faults,
    retries: 3,
    ...more,
  });
}

const offering = { mock: { offerRanges: true } };

/** The Range and If-Range of each request. */
function rangesOf({ requests }: Played): (string | undefined)[][] {
  return requests.map(({ headers }) => [headers.range, headers['if-range']?.toString()]);
}

describe.each(['file', 'stdout'] as const)('an interrupted transfer to %s', (to) => {
  it('resumes with Range and If-Range if the server offers ranges, without downloading a byte twice', async () => {
    const played = await playInterrupted(to, `drop@${CUT}x1`, offering);
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(0);
    const [first, second] = rangesOf(played);
    expect(first).toEqual([undefined, undefined]);
    const [range, ifRange] = second ?? [];
    expect(range).toMatch(/^bytes=\d+-$/);
    expect(ifRange).toBe(`"VI600000000000000001-${SIZE}"`);
    expect(played.record).toMatchObject({ attempts: 2, bytes: SIZE, bytes_received: SIZE });
    expect(played.errors).toContain('resuming at byte');
  });

  it('resumes after each of several lost connections', async () => {
    const played = await playInterrupted(to, 'hangup@30000x3', offering);
    expect(played.violations).toEqual([]);
    expect(played.record).toMatchObject({ status: 'downloaded', attempts: 4, bytes_received: SIZE });
    const offsets = played.requests.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')?.[0]));
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
  });

  it('resumes when there is a Content-Length, too', async () => {
    const played = await playInterrupted(to, 'short-body@40000x2', {
      mock: { offerRanges: true, contentLength: true },
    });
    expect(played.violations).toEqual([]);
    expect(played.record).toMatchObject({ bytes_received: SIZE, expected_size: SIZE, attempts: 3 });
  });

  it('starts over if the server offers no ranges, and says that the bytes are billed again', async () => {
    const played = await playInterrupted(to, `hangup@${CUT}x1`);
    expect(played.violations).toEqual([]);
    expect(rangesOf(played)).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(played.record).toMatchObject({ attempts: 2, bytes: SIZE });
    expect(played.record.bytes_received).toBeGreaterThan(SIZE);
    expect(played.errors).toContain(
      to === 'file' ? 'starting over; all bytes are billed again' : 'bytes already written match',
    );
    expect(played.errors).not.toContain('resuming');
  });

  it.each([
    ['range-ignored', 'sends the complete video for a Range', 2],
    ['other-etag', 'has a new version', 2],
    ['bad-range', 'sends a different part than requested', 3],
    ['if-range-ignored', 'sends a part of a different version', 3],
  ])('accepts only the complete video under %s, when the server %s', async (fault, _what, attempts) => {
    const played = await playInterrupted(to, `hangup@${CUT}x1,${fault}`);
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(0);
    expect(played.record.attempts).toBe(attempts);
    expect(rangesOf(played)[1]?.[0]).toMatch(/^bytes=\d+-$/);
    expect(rangesOf(played)[2]?.[0]).toBeUndefined();
  });

  it.each(['range-ignored', 'other-etag'])('says that all bytes come again under %s', async (fault) => {
    const { errors } = await playInterrupted(to, `hangup@${CUT}x1,${fault}`);
    expect(errors).toMatch(
      to === 'file'
        ? /warning: \S+: the server does not send the rest: starting over; all bytes are billed again/
        : /warning: \S+: the server does not send the rest: .* the bytes already written match/,
    );
  });

  it.each(['bad-range', 'if-range-ignored'])(
    'fails instead of accepting the part that %s sends',
    async (fault) => {
      const played = await playInterrupted(to, `hangup@${CUT}x1,${fault}`, { retries: 1 });
      expect(played.violations).toEqual([]);
      expect(played.exitCode).toBe(6);
      expect(played.record.error?.code).toBe('bad_range');
    },
  );

  it('does not request a range after an incomplete body that ended cleanly', async () => {
    const played = await playInterrupted(to, `truncate@${CUT}x1`, offering);
    expect(played.violations).toEqual([]);
    expect(rangesOf(played)[1]?.[0]).toBeUndefined();
    expect(played.record).toMatchObject({ attempts: 2, bytes_received: CUT + SIZE });
  });

  it('recovers when all bytes have arrived but the end of the response was lost', async () => {
    const played = await playInterrupted(to, `hangup@${SIZE}x1`, offering);
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(0);
  });

  it('recovers when the resumed transfer is interrupted too and the next one starts over', async () => {
    const played = await playInterrupted(to, `hangup@${CUT}x1,hangup@1000x1,range-ignoredx1`, offering);
    expect(played.violations).toEqual([]);
    expect(rangesOf(played).filter(([range]) => range !== undefined)).toHaveLength(2);
  });
});

it('completes without downloading anything again when the server says that no bytes follow', async () => {
  const played = await playInterrupted('stdout', `stall@${SIZE}x1`, { ...offering, firstTimeOutAt: SIZE });
  expect(played.violations).toEqual([]);
  expect(rangesOf(played).map(([range]) => range)).toEqual([undefined, `bytes=${SIZE}-`]);
  expect(played.record).toMatchObject({ status: 'downloaded', attempts: 2, bytes_received: SIZE });
});

describe('an interrupted transfer of a video that has changed', () => {
  it('writes only the new bytes to a file', async () => {
    const played = await playInterrupted('file', `hangup@${CUT}x1,other-bytes`, {
      truth: (video) => withOtherMedia(video),
    });
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(0);
  });

  it('exits 5 on standard output, without writing any of the new bytes', async () => {
    const played = await playInterrupted('stdout', `stall@${CUT}x1,other-bytes`, { firstTimeOutAt: CUT });
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(5);
    expect(played.record).toMatchObject({ attempts: 2, error: { code: 'changed' } });
  });

  it('continues with the new bytes on standard output if they differ only from there on', async () => {
    const played = await playInterrupted('stdout', `hangup@${CUT}x1,other-bytes@${CUT}`, {
      truth: (video) => withOtherMedia(video, CUT),
    });
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(0);
  });

  it('exits 5 on standard output if the new video is shorter than what was written', async () => {
    const played = await playInterrupted('stdout', `hangup@${CUT}x1,truncate@${CUT - 10_000}x2`);
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(5);
  });
});

describe('a Retry-After', () => {
  it.each(['rate-limit', 'rate-limit-429', 'server-error'])('in %s is waited for', async (fault) => {
    const played = await playInterrupted('file', `${fault}=7x1`);
    expect(played.violations).toEqual([]);
    expect(played.exitCode).toBe(0);
    const [first, second] = played.requests;
    expect((second?.startedAtMs ?? 0) - (first?.startedAtMs ?? 0)).toBeGreaterThanOrEqual(7000);
  });

  it.each(['rate-limit=0', 'rate-limit=date+0', 'rate-limit=soon', 'server-error=date+1'])(
    'as in %s costs only one attempt',
    async (fault) => {
      const played = await playInterrupted('file', `${fault}x1`);
      expect(played.violations).toEqual([]);
      expect(played.record).toMatchObject({ status: 'downloaded', attempts: 2 });
    },
  );

  it.each(['rate-limit=601', 'rate-limit-429=86400', 'server-error=700', 'server-error=date+900'])(
    'of more than ten minutes (%s) fails the video with exit 8 without a retry, saying until when',
    async (fault) => {
      const played = await playInterrupted('file', `${fault}x1`);
      expect(played.violations).toEqual([]);
      expect(played.exitCode).toBe(8);
      expect(played.requests).toHaveLength(1);
      expect(played.record.error?.message).toMatch(/until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
    },
  );
});
