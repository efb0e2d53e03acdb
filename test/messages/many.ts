import type { StoredVideo } from '../../src/mock/library.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { env, FIRST, type Rows, SECOND, WRONG_KEY } from './row.ts';

/** Messages about several videos. */
export const MANY_VIDEOS: Rows = {
  'a refused key that ends the batch': {
    args: ['download', FIRST, SECOND, '-c', '1'],
    host: env({ MAVI_API_KEY: WRONG_KEY }),
    code: 3,
    says: [
      'mavi: VI625239098370850816: API key refused: API error 0401: The API key is invalid or has no permission',
      '      see where the key comes from with: mavi auth status; create a new one at https://api-platform.memories.ai',
      'mavi: 2 videos: 1 failed, 1 not started; 109 bytes received in TIME',
    ],
  },
  'too many bytes, of known sizes': {
    args: ['download', FIRST, SECOND, '-c', '1', '--max-transfer', '1', '--lookup'],
    code: 9,
    says: [
      'mavi: VI625239098370850816: skipped: 126.9 KiB would exceed --max-transfer (1 byte)',
      '      run the command again with a higher --max-transfer',
      'mavi: 2 videos: 2 not started; 0 bytes received in TIME',
    ],
  },
  'a video over --max-cost': {
    args: ['download', FIRST, '--max-cost', '0.00001', '--max-transfer', '1G'],
    code: 9,
    says: [
      'mavi: VI625239098370850816: skipped: 126.9 KiB would exceed --max-cost $0.00001 (81.4 KiB)',
      '      run the command again with a higher --max-cost',
    ],
  },
  'a video that turns out larger than --max-transfer allows': {
    args: ['download', FIRST, SECOND, '-c', '1', '--max-transfer', '130000'],
    mock: { faults: 'junk-tail=1000' },
    code: 9,
    says: [
      'mavi: VI625239098370850816: stopped: the rest would exceed --max-transfer (127.0 KiB)',
      '      run the command again with a higher --max-transfer',
      'mavi: 2 videos: 1 failed, 1 not started; 127.9 KiB received in TIME',
    ],
  },
  'failures of more than one kind': {
    args: ['download', FIRST, SECOND, '-c', '1', '--retries', '0'],
    mock: { faults: { [FIRST]: 'not-found', [SECOND]: 'html' } },
    code: 1,
    says: [
      'mavi: VI625239098370850816: API error 0001: download video error',
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
      'mavi: VI624611307445927936: not an MP4: it is HTML, a web page',
      '      check --base-url, and whether a proxy or a sign-in page intercepts the connection',
      'mavi: 2 videos: 2 failed; 199 bytes received in TIME',
    ],
  },
  'videos that are not ready': {
    args: ['sync', 'lib'],
    mock: { videos: generatedLibrary({ count: 3, statuses: ['UNPARSE', 'FAILED', 'PARSE'] }) },
    code: 0,
    says: [
      'mavi: 1 video still being indexed; skipped for now',
      'mavi: 1 video not ready (status FAILED); skipped for now',
      '✓ saved lib/VI600000001000000000.mp4 · 4.0 KiB in TIME, SPEED · verified: complete MP4, size matches the library',
      'mavi: 1 video: 1 downloaded; 4.0 KiB received in TIME',
    ],
  },
  'nothing to sync': {
    args: ['sync', 'lib'],
    mock: { videos: generatedLibrary({ count: 0 }) },
    code: 0,
    says: ['mavi: nothing to download'],
  },
  'a dry run': {
    args: ['sync', 'lib', '--dry-run', '--rate', '2'],
    code: 0,
    says: [],
    prints: [
      'VI625239098370850816     126.9 KiB  new      lib/VI625239098370850816.mp4',
      'VI624611307445927936      97.9 KiB  new      lib/VI624611307445927936.mp4',
      'VI623870256104189952     168.3 KiB  new      lib/VI623870256104189952.mp4',
      '3 to download: 393.0 KiB; 0 already up to date',
      'least time at the rate limit: 1 min 00 s',
      'price: less than $0.01 at $0.12 a GB',
    ],
  },
  'a file with the name of a video to sync': {
    args: ['sync', 'lib', '-c', '1'],
    files: { [`lib/${FIRST}.mp4`]: 'x' },
    code: 7,
    says: [
      'mavi: VI625239098370850816: lib/VI625239098370850816.mp4 already exists',
      '      not created by this sync, so left untouched; move it away and run the sync again',
      '✓ saved lib/VI624611307445927936.mp4 · 97.9 KiB in TIME, SPEED · verified: complete MP4, size matches the library',
      '✓ saved lib/VI623870256104189952.mp4 · 168.3 KiB in TIME, SPEED · verified: complete MP4, size matches the library',
      'mavi: 3 videos: 2 downloaded, 1 failed; 266.1 KiB received in TIME',
    ],
  },
  'a recorded file that has changed': {
    args: ['sync', 'lib', '--match', 'first'],
    files: {
      [`lib/${FIRST}.mp4`]: 'mine',
      'lib/mavi-manifest.ndjson': JSON.stringify({
        video_no: FIRST,
        status: 'downloaded',
        file: `${FIRST}.mp4`,
        bytes: 9,
      }),
    },
    code: 7,
    says: [
      'mavi: 1 recorded file is gone or changed; looking for moved files',
      'mavi: VI625239098370850816: lib/VI625239098370850816.mp4 has changed since it was recorded with 9 bytes',
      '      left untouched, because you may have edited it; --force replaces it',
      'mavi: 1 video: 1 failed; 0 bytes received in TIME',
    ],
  },
  'files that keep their names': {
    args: ['sync', 'lib', '--match', 'first', '--name-template', '{video_name}'],
    files: {
      'lib/a.mp4': 'mine',
      'lib/mavi-manifest.ndjson': JSON.stringify({
        video_no: FIRST,
        status: 'downloaded',
        file: 'a.mp4',
        bytes: 4,
      }),
    },
    code: 0,
    says: [
      'mavi: 1 recorded file keeps its name; --name-template applies to new files only',
      'mavi: nothing to download; 1 already up to date',
    ],
  },
  'a listing that ends early': {
    args: ['sync', 'lib', '--dry-run'],
    mock: { videos: { ...generatedLibrary({ count: 0 }), count: () => 5 } },
    code: 6,
    says: ["mavi: the listing of 'default' ended early: received 0 of 5 videos"],
    prints: [
      '0 to download: 0 bytes; 0 already up to date',
      'least time at the rate limit: none',
      'price: about $0.00 at $0.12 a GB',
    ],
  },
  'unusable rows': {
    args: ['list', '--ids'],
    mock: {
      videos: [{ ...(generatedLibrary({ count: 1 }).at('default', 0) as StoredVideo), videoNo: '-rf' }],
    },
    code: 0,
    says: ['mavi: 1 video left out: no valid video ID, or malformed fields'],
  },
  'a folder called like a video': {
    args: ['sync', FIRST],
    code: 2,
    says: [
      "mavi: 'VI625239098370850816' is the ID of a video, and no such folder exists",
      '      to download that video: mavi download VI625239098370850816',
    ],
  },
  'filters of a sync that match nothing': {
    args: ['sync', 'lib', '--match', 'nowhere'],
    code: 0,
    says: ['mavi: no video that is ready matches; nothing to download'],
  },
  'filters that match nothing': {
    args: ['download', '--match', 'nowhere'],
    code: 0,
    says: ['mavi: no video that is ready matches; nothing to download'],
  },
};
