import {
  FRAGMENTED,
  HOLED,
  INDEXED,
  OPEN_ENDED,
  PLAIN,
  type SampleVideo,
  SPLIT,
  WITH_TAIL,
} from './videos.ts';

/** What else happens during the download. */
export type Scene =
  /** Nothing else. */
  | 'alone'
  /** A good file of the same name already exists and is to be replaced. */
  | 'over-old-file'
  /** A second run for the same name starts when the first has received most of its video. */
  | 'two-at-once'
  /** SIGINT, as from Ctrl-C, after half of the video. */
  | 'interrupted';

/** One fault, and its row on the page. */
export interface Case {
  readonly id: string;
  readonly title: string;
  /** A fault in the syntax of `mavi mock --fault`. */
  readonly faults: string;
  readonly scene: Scene;
  readonly video: SampleVideo;
}

/** Slow enough for something to happen meanwhile: the video takes a second. */
const SLOW = 'trickle';
/** A fifth of the video, then the connection ends. */
const EARLY_HANGUP = `hangup@${Math.round(PLAIN.bytes.length / 5)}`;

/** The cases that every tool is run through. */
export const CASES: readonly Case[] = [
  row('no-fault', 'no fault', ''),
  row('json-error', 'JSON error in HTTP 200: unknown video', 'not-found'),
  row('json-mislabelled', 'the same, with a video Content-Type', 'mislabelled'),
  row('rate-limit', 'rate limit (0429 in HTTP 200) once, then fine', 'rate-limitx1'),
  row('html', 'HTML of a captive portal in HTTP 200', 'html'),
  row('503-once', 'HTTP 503 once, then fine', 'server-errorx1'),
  row('503', 'HTTP 503 every time', 'server-error'),
  row('hangup', 'connection closed in the middle of a chunk, every time', 'hangup'),
  row('drop-once', 'connection reset half-way once, then fine', 'dropx1'),
  row(
    'hangup-then-limit',
    'connection closed half-way, then rate-limited, then fine',
    'hangupx1,rate-limitx1',
  ),
  row('short-length', 'half of the announced Content-Length, every time', 'short-body'),
  row('truncate', 'half of the video, then a clean end', 'truncate'),
  cut('cut-open', 'a cut inside a last box of size 0 ("to the end of the file")', OPEN_ENDED),
  cut('cut-mdat', 'a second `mdat` missing', SPLIT),
  cut('cut-indexed', 'a fragmented file with a `sidx`, ended cleanly between two fragments', INDEXED),
  row('close-cut', 'half of the video, no length and no chunks, connection closed', 'close-delimited-cut'),
  row('empty', 'HTTP 200 with an empty body', 'empty'),
  row('stall', 'half of the video, then silence', 'stall'),
  row('redirect', 'redirect (307) to another origin', 'redirect-elsewhere'),
  row('gzip', 'the video gzipped, though not requested', 'gzip'),
  row('matroska', 'an original that is Matroska, not MP4', 'matroska'),
  row('old-json', 'a complete file exists; the new download gets a JSON error', 'not-found', 'over-old-file'),
  row('old-hangup', 'a complete file exists; the new download is cut half-way', 'hangup', 'over-old-file'),
  row('two', 'two runs with the same target; the second is cut', `${SLOW}x1,${EARLY_HANGUP}`, 'two-at-once'),
  row('interrupt', 'Ctrl-C half-way', SLOW, 'interrupted'),
];

/** Damage that the boxes of a video cannot reveal. */
export const UNPROVABLE: readonly Case[] = [
  cut('cut-fragment', 'a fragmented file, ended cleanly between two fragments', FRAGMENTED),
  cut('cut-tail', 'an optional box missing after `moov` and `mdat`', WITH_TAIL),
  {
    id: 'hole',
    title: '64 KiB of zeros in the middle of the media',
    faults: '',
    scene: 'alone',
    video: HOLED,
  },
  row('other-bytes', 'right size, intact boxes, wrong media data', 'other-bytes'),
];

function row(id: string, title: string, faults: string, scene: Scene = 'alone'): Case {
  return { id, title, faults, scene, video: PLAIN };
}

function cut(id: string, title: string, video: SampleVideo): Case {
  return { id, title, faults: `truncate@${video.cutAt}`, scene: 'alone', video };
}
