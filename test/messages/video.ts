import { createHash } from 'node:crypto';
import { sampleFile } from '../mock/sample-files.ts';
import { download, FRAGMENTED, faulty, type Rows, UNKNOWN, videoOf } from './row.ts';

const FTYP = Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1');

/** Messages about the video. */
export const THE_VIDEO: Rows = {
  'a web page': {
    ...faulty('html'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: it is HTML, a web page',
      '      check --base-url, and whether a proxy or a sign-in page intercepts the connection',
    ],
  },
  'an empty video': {
    ...faulty('empty'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: the video is empty',
      '      if this happens again, the original itself may be empty: see mavi list',
    ],
  },
  'a video of five bytes': {
    ...faulty('tiny'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: the video is truncated after 5 bytes, inside its first box',
      '      the server ended the response early; if this happens again, the original itself may be truncated: --verify none downloads it as it is',
    ],
  },
  'data that is not a video': {
    ...faulty('garbage'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: it is no known video format, by its first bytes',
      '      the original itself may not be a video; --verify none downloads it as it is',
    ],
  },
  'an invalid box': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    mock: videoOf(Buffer.concat([FTYP, Buffer.from('\0\0\0\x04free', 'latin1')])),
    code: 5,
    says: [
      "mavi: VI625239098370850816: the structure of the video is broken: box 'free' claims a size of 4 bytes at byte 16",
      '      the original itself may be damaged; --verify ftyp downloads it as it is',
    ],
  },
  'an invalid first box': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    mock: videoOf(Buffer.from('\0\0\0\x05ftypisom', 'latin1')),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: its ftyp box has an impossible size (5 bytes)',
      '      the original itself may be damaged; --verify none downloads it as it is',
    ],
  },
  Matroska: {
    ...faulty('matroska'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: it is Matroska, by its first bytes',
      '      to download it as it is, use --container any',
    ],
  },
  WebM: {
    ...faulty('webm'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: it is WebM, by its first bytes',
      '      to download it as it is, use --container any',
    ],
  },
  AVI: {
    ...faulty('avi'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: it is AVI, by its first bytes',
      '      to download it as it is, use --container any',
    ],
  },
  'MPEG-TS': {
    ...faulty('mpeg-ts'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: it is MPEG-TS, by its first bytes',
      '      to download it as it is, use --container any',
    ],
  },
  'old QuickTime': {
    ...faulty('quicktime'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: not an MP4: it is QuickTime without ftyp, by its first bytes',
      '      to download it as it is, use --container any',
    ],
  },
  'a truncated video': {
    ...faulty('truncate'),
    code: 5,
    says: [
      'mavi: VI625239098370850816: the video is truncated after 64975 bytes: sample 174 of track 2 ends 64975 bytes past the end of the file',
      '      the server ended the response early; if this happens again, the original itself may be truncated: --verify ftyp downloads it as it is',
    ],
  },
  'a video truncated twice': {
    ...faulty('truncate', '--retries', '3'),
    code: 5,
    says: [
      '! VI625239098370850816: the video is truncated after 64975 bytes: sample 174 of track 2 ends 64975 bytes past the end of the file; retrying now (attempt 2), starting over; all bytes are billed again',
      'mavi: VI625239098370850816: the video is truncated after 64975 bytes: sample 174 of track 2 ends 64975 bytes past the end of the file',
      '      the server ended the response early; if this happens again, the original itself may be truncated: --verify ftyp downloads it as it is',
    ],
  },
  'a video that is shorter than listed': {
    args: ['download', FRAGMENTED, '-o', 'a.mp4', '--lookup', '--retries', '0'],
    mock: { faults: 'truncate@-300' },
    code: 5,
    says: [
      'mavi: VI623870256104189952: the video is truncated: 171990 bytes came, but the library lists 172290',
      '      if this happens again, the listed size may be wrong: mavi download without --lookup does not use it',
    ],
  },
  'junk after the video': {
    ...faulty('junk-tail', '--progress', 'none'),
    code: 0,
    says: [
      'mavi: warning: VI625239098370850816: 5 stray bytes after the end of the video',
      '✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4',
    ],
  },
  'a video of another size than listed': {
    ...faulty('junk-tail=3', '--lookup'),
    code: 0,
    says: [
      'mavi: warning: VI625239098370850816: 3 stray bytes after the end of the video',
      'mavi: warning: VI625239098370850816: 129953 bytes came, but the library lists 129950',
      '✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4',
    ],
  },
  'a video that the library does not list': {
    args: ['download', UNKNOWN, '-o', 'a.mp4', '--lookup'],
    code: 4,
    says: [
      'mavi: warning: VI000000000000000000: not listed in the library, so its size is unknown',
      'mavi: VI000000000000000000: API error 0001: download video error',
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
    ],
  },
  'a saved video': {
    ...faulty(''),
    code: 0,
    says: ['✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4'],
  },
  'a saved video with its checksum': {
    ...faulty('', '--checksum'),
    code: 0,
    says: [
      '✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4',
      `      sha256: ${createHash('sha256').update(sampleFile('faststart')).digest('hex')}`,
    ],
  },
  'a skipped video': {
    ...download('-o', 'a.mp4', '--skip-existing'),
    files: { 'a.mp4': sampleFile('faststart') },
    code: 0,
    says: ['✓ skipped a.mp4 · 126.9 KiB · verified: complete MP4'],
  },
  'a streamed video': {
    ...download('-o', '-'),
    code: 0,
    says: ['✓ wrote VI625239098370850816 to stdout · 126.9 KiB in TIME, SPEED · verified: complete MP4'],
  },
};
