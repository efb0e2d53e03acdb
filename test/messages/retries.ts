import { FIRST, faulty, type Rows } from './row.ts';

/** Messages about retries. */
export const RETRIES: Rows = {
  'a retry from the start': {
    ...faulty('drop@60000x1', '--retries', '1'),
    code: 0,
    says: [
      '! VI625239098370850816: connection to 127.0.0.1:PORT lost after 60000 bytes; retrying now (attempt 2), starting over; all bytes are billed again',
      '✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4',
    ],
  },
  'a retry that resumes': {
    ...faulty('drop@60000x1', '--retries', '1'),
    mock: { faults: 'drop@60000x1', offerRanges: true },
    code: 0,
    says: [
      '! VI625239098370850816: connection to 127.0.0.1:PORT lost after 60000 bytes; retrying now (attempt 2), resuming at byte 60000',
      '✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4, length matches Content-Length',
    ],
  },
  'a retry after the wrong range': {
    ...faulty('', '--retries', '2'),
    mock: { faults: 'drop@60000x1,bad-rangex1', offerRanges: true },
    code: 0,
    says: [
      '! VI625239098370850816: connection to 127.0.0.1:PORT lost after 60000 bytes; retrying now (attempt 2), resuming at byte 60000',
      '! VI625239098370850816: the server sent a different range than was requested; retrying now (attempt 3), starting over; all bytes are billed again',
      '✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4',
    ],
  },
  'a retry of a stream': {
    args: ['download', FIRST, '-o', '-', '--retries', '1'],
    mock: { faults: 'drop@60000x1' },
    code: 0,
    says: [
      '! VI625239098370850816: connection to 127.0.0.1:PORT lost after 60000 bytes; retrying now (attempt 2), downloading it again and checking that the bytes already written match',
      '✓ wrote VI625239098370850816 to stdout · 126.9 KiB in TIME, SPEED · verified: complete MP4',
    ],
  },
  'a stream that changed': {
    args: ['download', FIRST, '-o', '-', '--retries', '1'],
    mock: { faults: 'drop@60000x1,other-bytesx1' },
    code: 5,
    says: [
      '! VI625239098370850816: connection to 127.0.0.1:PORT lost after 60000 bytes; retrying now (attempt 2), downloading it again and checking that the bytes already written match',
      'mavi: VI625239098370850816: the server sent different bytes when the video was requested again',
      '      discard what was written and start over, or download to a file with -o video.mp4',
    ],
  },
  'a retry after a temporary refusal': {
    ...faulty('rate-limit=0x1', '--retries', '1'),
    code: 0,
    says: [
      `! VI625239098370850816: rate limit reached: API error 0429: Request has exceeded the limit; retrying now (attempt 2)`,
      '✓ saved a.mp4 · 126.9 KiB in TIME, SPEED · verified: complete MP4',
    ],
  },
};
