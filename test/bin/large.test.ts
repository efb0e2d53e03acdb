import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { Mock, MockOptions } from '../../src/mock/server.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { moment } from '../helpers/moment.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { selfSigned } from '../mock/self-signed.ts';

// Larger than all buffers on the way together, so that each of them is reused many times.
const VIDEO_BYTES = 32 * 1024 * 1024;
/** The most that sockets, pipe and program together can buffer: on any system, less than the video. */
const MOST_HELD_BYTES = 24 * 1024 * 1024;

const library = generatedLibrary({ count: 2, sizeBytes: VIDEO_BYTES });
const [VIDEO, OTHER] = [library.at('default', 0), library.at('default', 1)] as [StoredVideo, StoredVideo];
const bytesOf = ({ read }: StoredVideo): Promise<Buffer> => buffer(read(0, VIDEO_BYTES));

function serve(scheme: string, scene: Scene, options: MockOptions = {}): Promise<Mock> {
  if (scheme === 'http') return scene.mock({ videos: library, ...options });
  const tls = selfSigned();
  scene.env.NODE_EXTRA_CA_CERTS = scene.write('certificate.pem', tls.cert);
  return scene.mock({ videos: library, tls, ...options });
}

describe.for(['http', 'https'])('a large video over %s', (scheme) => {
  it('is saved byte for byte, with the correct SHA-256', async ({ scene }) => {
    await serve(scheme, scene);
    const video = await bytesOf(VIDEO);
    const { code, stdout } = await scene.run([
      ...['download', VIDEO.videoNo, '-o', 'video.mp4', '--checksum', '--json'],
    ]);
    expect(code).toBe(0);
    expect(scene.read('video.mp4').equals(video)).toBe(true);
    const sha256 = createHash('sha256').update(video).digest('hex');
    expect(JSON.parse(stdout.toString())).toMatchObject({ bytes: VIDEO_BYTES, sha256 });
  });

  it('resumes where the connection was lost, twice, and is correct in the end', async ({ scene }) => {
    const faults = 'drop@9000000x1,hangup@30000000x1';
    const mock = await serve(scheme, scene, { faults, offerRanges: true });
    const { code } = await scene.run(['download', VIDEO.videoNo, '-o', 'video.mp4']);
    expect(code).toBe(0);
    expect(scene.read('video.mp4').equals(await bytesOf(VIDEO))).toBe(true);
    const asked = mock.requests.map(({ headers }) => headers.range);
    const rest = expect.stringMatching(/^bytes=[1-9]\d+-$/);
    expect(asked).toEqual([undefined, rest, rest]);
  });

  it('is downloaded no faster than the reader of standard output reads', async ({ scene }) => {
    const asked = moment();
    const mock = await serve(scheme, scene, { onRequest: asked.now });
    const held = scene.start(['download', VIDEO.videoNo, '-o', '-', '-q'], { stdout: 'held' });
    await asked.happened;
    // Another download completes meanwhile, so this one has had enough time to read too far ahead.
    expect(await scene.run(['download', OTHER.videoNo, '-o', 'other.mp4'])).toMatchObject({ code: 0 });
    expect(mock.requests[0]?.bytesSent).toBeLessThan(MOST_HELD_BYTES);
    held.readOn();
    const { code, stdout } = await held.ended;
    expect(code).toBe(0);
    expect(stdout.equals(await bytesOf(VIDEO))).toBe(true);
  });
});
