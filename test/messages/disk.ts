import { sampleFile } from '../mock/sample-files.ts';
import { download, type Rows } from './row.ts';

/** Messages about the disk. */
export const THE_DISK: Rows = {
  'a missing list': {
    args: ['download', '-a', 'none.txt'],
    code: 7,
    says: ['mavi: cannot read none.txt: no such file or folder', '      check the path'],
  },
  'a file that already exists': {
    ...download('-o', 'a.mp4'),
    files: { 'a.mp4': 'x' },
    code: 7,
    says: [
      'mavi: VI625239098370850816: a.mp4 already exists',
      '      --force replaces it; --skip-existing keeps it if it is a complete video',
    ],
  },
  'a file to keep that is not a complete video': {
    ...download('-o', 'a.mp4', '--skip-existing'),
    files: { 'a.mp4': 'x' },
    code: 7,
    says: [
      'mavi: VI625239098370850816: a.mp4 exists but is not a complete video: the video is truncated after 1 byte, inside its first box',
      '      left untouched; replace it with --force',
    ],
  },
  'a folder of that name': {
    ...download('-o', 'd'),
    files: { d: null },
    code: 7,
    says: [
      'mavi: VI625239098370850816: cannot write d: it is a folder',
      '      name a file in it, or use --output-dir d',
    ],
  },
  'a missing folder': {
    ...download('-o', 'no/a.mp4'),
    code: 7,
    says: [
      'mavi: VI625239098370850816: cannot write no/a.mp4: the folder DIR/no does not exist',
      '      create it with: mkdir -p DIR/no',
    ],
  },
  'a file where a folder should be': {
    ...download('-o', 'f/a.mp4'),
    files: { f: 'x' },
    code: 7,
    says: [
      'mavi: VI625239098370850816: cannot write f/a.mp4: part of the path is not a folder',
      '      check the path',
    ],
  },
  'a file instead of the output folder': {
    ...download('-d', 'f'),
    files: { f: 'x' },
    code: 7,
    says: ['mavi: cannot create the folder f: a file has that name', '      choose another folder'],
  },
  'a file instead of the folder to sync': {
    args: ['sync', 'f'],
    files: { f: 'x' },
    code: 7,
    says: ['mavi: cannot create the folder f: a file has that name', '      choose another folder'],
  },
  'a full disk': {
    ...download('-o', '/dev/full'),
    code: 7,
    says: [
      'mavi: VI625239098370850816: cannot write /dev/full: the disk is full',
      '      free some space or inodes (df -h, df -i), then run the command again',
    ],
  },
  'a link to itself': {
    ...download('-o', 'loop'),
    code: 7,
    says: ['mavi: VI625239098370850816: cannot write loop: too many symbolic links', '      check the path'],
  },
  'a manifest in a missing folder': {
    ...download('--manifest', 'no/m'),
    code: 7,
    says: ['mavi: cannot write no/m: no such file or folder', '      check the path'],
  },
  'a missing manifest': {
    args: ['verify', '--manifest', 'none'],
    code: 7,
    says: ['mavi: cannot read none: no such file or folder', '      check the path'],
  },
  'a missing folder of videos': {
    args: ['mock', '--videos', 'none'],
    code: 7,
    says: ['mavi: cannot read none: no such file or folder', '      check the path'],
  },
  'a port that is taken': {
    args: ['mock', '--port', 'PORT'],
    code: 7,
    says: ['mavi: port PORT is already in use', '      omit --port to use a free port'],
  },
  'files that are not videos': {
    args: ['verify', 'a.mp4', 'b.mp4', 'c.mp4'],
    files: { 'a.mp4': 'x', 'b.mp4': sampleFile('faststart').subarray(0, 60_000) },
    code: 5,
    says: [],
    prints: [
      'a.mp4: FAILED: the video is truncated after 1 byte, inside its first box',
      'b.mp4: FAILED: the video is truncated after 60000 bytes: sample 174 of track 2 ends 69950 bytes past the end of the file',
      'c.mp4: FAILED: no such file or folder',
    ],
  },
};
