import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/temp-dir.ts';
import { withOtherMedia } from './expectations.ts';
import { LAYOUTS, layoutVideo } from './layouts.ts';
import { type Case, type Played, play } from './play.ts';

const BYTES = LAYOUTS['moov-last'];
const SIZE = BYTES.length;
const CUT = 50_000;

function broken(to: Case['to'], faults: string, more: Partial<Case> = {}): Promise<Played> {
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

describe.each(['file', 'stdout'] as const)('a broken transfer to %s', (to) => {
  it('goes on where it broke if the server offers ranges, and fetches no byte twice', async () => {
    const played = await broken(to, `drop@${CUT}x1`, offering);
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(0);
    const [first, second] = rangesOf(played);
    expect(first).toEqual([undefined, undefined]);
    const [range, ifRange] = second ?? [];
    expect(range).toMatch(/^bytes=\d+-$/);
    expect(ifRange).toBe(`"VI600000000000000001-${SIZE}"`);
    expect(played.record).toMatchObject({ attempts: 2, bytes: SIZE, bytes_received: SIZE });
    expect(played.errors).toContain('resuming at byte');
  });

  it('goes on as often as it breaks', async () => {
    const played = await broken(to, 'hangup@30000x3', offering);
    expect(played.broken).toEqual([]);
    expect(played.record).toMatchObject({ status: 'downloaded', attempts: 4, bytes_received: SIZE });
    const offsets = played.requests.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')?.[0]));
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
  });

  it('goes on under a Content-Length too', async () => {
    const played = await broken(to, 'short-body@40000x2', {
      mock: { offerRanges: true, contentLength: true },
    });
    expect(played.broken).toEqual([]);
    expect(played.record).toMatchObject({ bytes_received: SIZE, expected_size: SIZE, attempts: 3 });
  });

  it('begins anew where no ranges are offered, and says that it is billed again', async () => {
    const played = await broken(to, `hangup@${CUT}x1`);
    expect(played.broken).toEqual([]);
    expect(rangesOf(played)).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(played.record).toMatchObject({ attempts: 2, bytes: SIZE });
    expect(played.record.bytes_received).toBeGreaterThan(SIZE);
    expect(played.errors).toContain(
      to === 'file'
        ? 'starting over; the bytes are downloaded, and billed, again'
        : 'bytes already written match',
    );
    expect(played.errors).not.toContain('going on');
  });

  it.each([
    ['range-ignored', 'answers a Range with the whole video', 2],
    ['other-etag', 'has another version by now', 2],
    ['bad-range', 'answers with another part than was asked for', 3],
    ['if-range-ignored', 'answers with a part of another version', 3],
  ])('takes the whole video when the server, by %s, %s', async (fault, _what, attempts) => {
    const played = await broken(to, `hangup@${CUT}x1,${fault}`);
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(0);
    expect(played.record.attempts).toBe(attempts);
    expect(rangesOf(played)[1]?.[0]).toMatch(/^bytes=\d+-$/);
    expect(rangesOf(played)[2]?.[0]).toBeUndefined();
  });

  it.each(['bad-range', 'if-range-ignored'])(
    'fails rather than take the part that %s sends',
    async (fault) => {
      const played = await broken(to, `hangup@${CUT}x1,${fault}`, { retries: 1 });
      expect(played.broken).toEqual([]);
      expect(played.exitCode).toBe(6);
      expect(played.record.error?.code).toBe('bad_range');
    },
  );

  it('asks for no part of a body that ended cleanly and is incomplete', async () => {
    const played = await broken(to, `truncate@${CUT}x1`, offering);
    expect(played.broken).toEqual([]);
    expect(rangesOf(played)[1]?.[0]).toBeUndefined();
    expect(played.record).toMatchObject({ attempts: 2, bytes_received: CUT + SIZE });
  });

  it('recovers when all bytes have come and the end was lost', async () => {
    const played = await broken(to, `hangup@${SIZE}x1`, offering);
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(0);
  });

  it('recovers when the part breaks too, and the next one begins anew', async () => {
    const played = await broken(to, `hangup@${CUT}x1,hangup@1000x1,range-ignoredx1`, offering);
    expect(played.broken).toEqual([]);
    expect(rangesOf(played).filter(([range]) => range !== undefined)).toHaveLength(2);
  });
});

it('is done when the server says that nothing follows the bytes that have come, and fetches none again', async () => {
  const played = await broken('stdout', `stall@${SIZE}x1`, { ...offering, firstTimeOutAt: SIZE });
  expect(played.broken).toEqual([]);
  expect(rangesOf(played).map(([range]) => range)).toEqual([undefined, `bytes=${SIZE}-`]);
  expect(played.record).toMatchObject({ status: 'downloaded', attempts: 2, bytes_received: SIZE });
});

describe('a broken transfer of a video that has changed', () => {
  it('gives a file the new bytes alone', async () => {
    const played = await broken('file', `hangup@${CUT}x1,other-bytes`, {
      truth: (video) => withOtherMedia(video),
    });
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(0);
  });

  it('ends with exit 5 on standard output, and nothing of the new bytes is there', async () => {
    const played = await broken('stdout', `stall@${CUT}x1,other-bytes`, { firstTimeOutAt: CUT });
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(5);
    expect(played.record).toMatchObject({ attempts: 2, error: { code: 'changed' } });
  });

  it('goes on with the new bytes on standard output if they differ only from there on', async () => {
    const played = await broken('stdout', `hangup@${CUT}x1,other-bytes@${CUT}`, {
      truth: (video) => withOtherMedia(video, CUT),
    });
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(0);
  });

  it('ends with exit 5 on standard output if the new video is shorter than what was sent', async () => {
    const played = await broken('stdout', `hangup@${CUT}x1,truncate@${CUT - 10_000}x2`);
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(5);
  });
});

describe('a Retry-After', () => {
  it.each(['rate-limit', 'rate-limit-429', 'server-error'])('of %s is waited for', async (fault) => {
    const played = await broken('file', `${fault}=7x1`);
    expect(played.broken).toEqual([]);
    expect(played.exitCode).toBe(0);
    const [first, second] = played.requests;
    expect((second?.startedAtMs ?? 0) - (first?.startedAtMs ?? 0)).toBeGreaterThanOrEqual(7000);
  });

  it.each(['rate-limit=0', 'rate-limit=date+0', 'rate-limit=soon', 'server-error=date+1'])(
    'such as in %s costs one try and no more',
    async (fault) => {
      const played = await broken('file', `${fault}x1`);
      expect(played.broken).toEqual([]);
      expect(played.record).toMatchObject({ status: 'downloaded', attempts: 2 });
    },
  );

  it.each(['rate-limit=601', 'rate-limit-429=86400', 'server-error=700', 'server-error=date+900'])(
    'of more than ten minutes, by %s, ends the video at once with exit 8, saying until when',
    async (fault) => {
      const played = await broken('file', `${fault}x1`);
      expect(played.broken).toEqual([]);
      expect(played.exitCode).toBe(8);
      expect(played.requests).toHaveLength(1);
      expect(played.record.error?.message).toMatch(/until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
    },
  );
});
