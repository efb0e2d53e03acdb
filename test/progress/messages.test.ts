import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/progress/events.ts';
import { errorText, messagesFor, warningText } from '../../src/progress/messages.ts';
import { type Style, styleFor } from '../../src/progress/text.ts';
import type { RecordedError, VideoRecord } from '../../src/record.ts';
import { fakeHost } from '../helpers/fake-host.ts';

const NOW = 1_000_000;
const MIB = 1024 ** 2;
const LOG = await styleFor(fakeHost({ cwd: '/' }), false);

function terminal(columns: number): Promise<Style> {
  const env = { TERM: 'xterm', LANG: 'en_US.UTF-8', NO_COLOR: '1' };
  return styleFor(fakeHost({ cwd: '/', env, stderrIsTTY: true, columns }), true);
}

function record(more: Partial<VideoRecord> = {}): VideoRecord {
  return {
    video_no: 'VI1',
    unique_id: 'default',
    status: 'downloaded',
    file: 'clips/VI1.mp4',
    bytes: 53 * MIB,
    bytes_received: 53 * MIB,
    expected_size: null,
    sha256: null,
    seconds: 10,
    attempts: 1,
    brand: 'isom',
    downloaded_at: null,
    error: null,
    warnings: [],
    ...more,
  };
}

function failed(error: Partial<RecordedError> = {}, more: Partial<VideoRecord> = {}): VideoRecord {
  const whole = {
    exit_code: 4,
    code: '0001',
    message: 'the API refuses',
    retryable: false,
    hint: 'look',
    ...error,
  };
  return record({ status: 'failed', bytes: null, file: null, error: whole, ...more });
}

function over(what: VideoRecord, verified = 'complete MP4'): ProgressEvent {
  return { kind: 'over', videoNo: what.video_no, record: what, verified };
}

function said(event: ProgressEvent, style = LOG, quiet = false): string[] {
  return messagesFor(event, NOW, style, quiet);
}

describe('the message for a saved video', () => {
  it('says where it is, how large, how fast and how verified', () => {
    expect(said(over(record(), 'complete MP4, size matches the library'))).toEqual([
      '✓ saved clips/VI1.mp4 · 53.0 MiB in 10 s, 5.3 MiB/s · verified: complete MP4, size matches the library',
    ]);
  });

  it('says that it was skipped, without a speed', () => {
    const [line = ''] = said(over(record({ status: 'skipped', seconds: 0 })));
    expect(line).toMatch(/^✓ skipped clips\/VI1\.mp4 · 53\.0 MiB · verified: complete MP4$/);
  });

  it('says that it went to standard output', () => {
    expect(said(over(record({ file: null })))[0]).toMatch(/^✓ wrote VI1 to stdout · /);
  });

  it('has no control characters', () => {
    const [line = ''] = said(over(record({ file: 'a\n\u001b[2Jb\u202e.mp4' })));
    expect(line).toMatch(/^✓ saved a \[2Jb\.mp4 · /);
  });

  it('fits one line of a terminal, always with the name, and with as much else as fits', async () => {
    for (const columns of [40, 60, 80, 120]) {
      const [line = ''] = said(
        over(record(), 'complete MP4, length matches Content-Length'),
        await terminal(columns),
      );
      expect(line).toMatch(/^✓ saved clips\/VI1\.mp4/);
      expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('never shows an infinite speed', () => {
    expect(said(over(record({ seconds: 0, bytes: 1000 })))[0]).toMatch(/ 976\.6 KiB\/s| 977 KiB\/s/);
  });

  it('comes after its warnings', () => {
    const lines = said(over(record({ warnings: ['5 bytes of junk', 'odd\u0007 size'] })));
    expect(lines.slice(0, 2)).toEqual([
      'mavi: warning: VI1: 5 bytes of junk',
      'mavi: warning: VI1: odd size',
    ]);
    expect(lines[2]).toMatch(/^✓ saved/);
  });
});

describe('the message for a failed video', () => {
  it('says what failed, for which video, and what to do next', () => {
    expect(said(over(failed()))).toEqual(['mavi: VI1: the API refuses\n      look']);
    expect(said(over(failed({ hint: '' })))).toEqual(['mavi: VI1: the API refuses']);
  });

  it('includes the warnings', () => {
    expect(said(over(failed({}, { warnings: ['odd'] })))).toEqual([
      'mavi: warning: VI1: odd',
      'mavi: VI1: the API refuses\n      look',
    ]);
  });

  it.each(['interrupted', 'not_started'])('is omitted if the run reports the failure (%s)', (code) => {
    expect(said(over(failed({ code }, { warnings: ['odd'] })))).toEqual([]);
  });
});

describe('the message for a retry', () => {
  const retrying = (pauseMs: number): ProgressEvent => ({
    kind: 'retrying',
    videoNo: 'VI1',
    why: 'the connection was broken off',
    untilMs: NOW + pauseMs,
    attempt: 2,
    how: 'going on at 12.3 MiB',
  });

  it('says why, when the next attempt starts, and what it downloads', () => {
    expect(said(retrying(4000))).toEqual([
      '! VI1: the connection was broken off; retrying in 4.0 s (attempt 2), going on at 12.3 MiB',
    ]);
  });

  it('is omitted with --quiet', () => {
    expect(said(retrying(4000), LOG, true)).toEqual([]);
  });
});

describe('--quiet', () => {
  it('shows errors only, no warnings', () => {
    expect(said(over(record({ warnings: ['odd'] })), LOG, true)).toEqual([]);
    expect(said({ kind: 'warning', videoNo: null, text: 'odd' }, LOG, true)).toEqual([]);
    expect(said(over(failed({}, { warnings: ['odd'] })), LOG, true)).toEqual([
      'mavi: VI1: the API refuses\n      look',
    ]);
  });
});

describe('a warning', () => {
  it('names its video, if it has one', () => {
    expect(said({ kind: 'warning', videoNo: 'VI1', text: 'odd' })).toEqual(['mavi: warning: VI1: odd']);
    expect(said({ kind: 'warning', videoNo: null, text: 'odd' })).toEqual(['mavi: warning: odd']);
  });

  it('has no control characters', () => {
    expect(warningText(null, 'a\u001b[31m\nb', LOG)).toBe('mavi: warning: a[31m b');
  });
});

describe('an error', () => {
  it('has its hint on a second line', () => {
    expect(errorText(null, 'what failed', 'do this; then that', LOG)).toBe(
      'mavi: what failed\n      do this; then that',
    );
  });

  it('is coloured if colours are wanted', async () => {
    const style = await styleFor(fakeHost({ cwd: '/', env: { FORCE_COLOR: '1' } }), false);
    expect(errorText('VI1', 'what failed', '', style)).toBe('\u001b[31mmavi:\u001b[39m VI1: what failed');
  });
});

it.each<ProgressEvent>([
  { kind: 'begun', videoNo: 'VI1', file: 'VI1.mp4' },
  { kind: 'waiting', videoNo: 'VI1', untilMs: NOW },
  { kind: 'requesting', videoNo: 'VI1' },
  { kind: 'receiving', videoNo: 'VI1', receivedBytes: 1, totalBytes: null, mayGrow: true },
  { kind: 'finishing', videoNo: 'VI1' },
])('of what only passes, nothing stays: $kind', (event) => {
  expect(said(event)).toEqual([]);
});
