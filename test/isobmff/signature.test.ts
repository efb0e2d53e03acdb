import { describe, expect, it } from 'vitest';
import {
  EXTENSIONS,
  isContainer,
  SIGNATURE_BYTES,
  SIGNATURE_NAMES,
  type Signature,
  signatureOf,
} from '../../src/isobmff/signature.ts';
import { box, bytes, FTYP, uint32 } from './bytes.ts';

const EBML = bytes([0x1a, 0x45, 0xdf, 0xa3]);

/** Packets of MPEG-TS: a sync byte each, `before` bytes in front of it. */
function packets(before: number, size: number): Buffer {
  const packet = new Uint8Array(size);
  packet[before] = 0x47;
  return bytes(packet, packet, packet);
}

function changed(source: Uint8Array, offset: number): Buffer {
  const copy = Buffer.from(source);
  copy[offset] = 0x48;
  return copy;
}

describe('the first bytes', () => {
  it.each<[Signature, string, Uint8Array]>([
    ['mp4', 'an ftyp box', FTYP],
    ['quicktime', 'a moov atom', box('moov', 'x')],
    ['quicktime', 'an mdat atom', box('mdat', 'x')],
    ['quicktime', 'a wide atom', box('wide')],
    ['quicktime', 'a free atom', box('free')],
    ['quicktime', 'a skip atom', box('skip')],
    ['quicktime', 'a preview atom', box('pnot', 'x')],
    ['matroska', 'EBML', bytes(EBML, [0x42, 0x82, 0x88], 'matroska')],
    ['matroska', 'EBML that names nothing', bytes(EBML, new Uint8Array(60))],
    ['webm', 'EBML of the document type webm', bytes(EBML, [0x42, 0x82, 0x84], 'webm')],
    ['avi', 'a RIFF of AVI', bytes('RIFF', uint32(4096), 'AVI LIST')],
    ['unknown', 'another RIFF', bytes('RIFF', uint32(4096), 'WAVEfmt ')],
    ['unknown', 'AVI without a RIFF', bytes('RIFX', uint32(4096), 'AVI LIST')],
    ['mpeg-ts', 'sync bytes 188 apart', packets(0, 188)],
    ['mpeg-ts', 'sync bytes 192 apart behind time codes', packets(4, 192)],
    ['unknown', 'only a first sync byte', changed(packets(0, 188), 188)],
    ['unknown', 'only a second sync byte', changed(packets(0, 188), 0)],
    ['unknown', 'only a first sync byte after a time code', changed(packets(4, 192), 196)],
    ['unknown', 'sync bytes at another distance', packets(0, 190)],
    ['unknown', 'a packet that ends before the next sync byte', packets(0, 188).subarray(0, 188)],
    ['mpeg-ts', 'a packet and the next sync byte', packets(0, 188).subarray(0, 189)],
    ['json', 'an object', bytes('{"code":"0001"}')],
    ['json', 'a list', bytes('[1,2,3]')],
    ['json', 'an object behind white space', bytes(' \r\n\t {"code":1}')],
    ['json', 'an object behind a byte order mark', bytes([0xef, 0xbb, 0xbf], ' {"code":1}')],
    ['html', 'a document type', bytes('<!DOCTYPE html><html>')],
    ['html', 'html', bytes('\n<html lang="en">')],
    ['html', 'a head', bytes('<HEAD>')],
    ['html', 'a body', bytes('<body bgcolor=white>')],
    ['html', 'a title', bytes('<title>Sign in</title>')],
    ['html', 'a script', bytes('<script>location="/login"</script>')],
    ['html', 'a comment', bytes('<!-- portal --><p>')],
    ['html', 'an XML declaration', bytes([0xef, 0xbb, 0xbf], '<?xml version="1.0"?>')],
    ['unknown', 'another tag', bytes('<video src="x">')],
    ['unknown', 'plain text', bytes('see {"this"} or <html>')],
    ['unknown', 'an ftyp of an impossible size', bytes(uint32(5), 'ftyp', 'isom')],
    ['unknown', 'an ftyp that is cut', FTYP.subarray(0, 20)],
    ['unknown', 'another box', box('junk', 'x')],
    ['unknown', 'nothing', new Uint8Array(0)],
  ])('show %s by %s', (signature, _what, first) => {
    expect(signatureOf(first)).toBe(signature);
  });

  it('are at most as many as two packets of MPEG-TS', () => {
    const within = bytes(EBML, new Uint8Array(SIGNATURE_BYTES - 8), 'webm');
    expect(signatureOf(within)).toBe('webm');
    expect(signatureOf(bytes(EBML, new Uint8Array(SIGNATURE_BYTES - 7), 'webm'))).toBe('matroska');
    expect(SIGNATURE_BYTES).toBeGreaterThanOrEqual(2 * 192 + 1);
  });
});

describe('a signature', () => {
  it('is a container where it has an extension', () => {
    const containers = (Object.keys(SIGNATURE_NAMES) as Signature[]).filter(isContainer);
    expect(containers).toEqual(['mp4', 'quicktime', 'matroska', 'webm', 'avi', 'mpeg-ts']);
    expect(containers.map((each) => EXTENSIONS[each])).toEqual([
      '.mp4',
      '.mov',
      '.mkv',
      '.webm',
      '.avi',
      '.ts',
    ]);
  });

  it('has a name for messages', () => {
    expect(SIGNATURE_NAMES).toEqual({
      mp4: 'MP4',
      quicktime: 'QuickTime without ftyp',
      matroska: 'Matroska',
      webm: 'WebM',
      avi: 'AVI',
      'mpeg-ts': 'MPEG-TS',
      json: 'JSON',
      html: 'HTML',
      unknown: 'no known video format',
    });
  });
});
