import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { generatedLibrary } from '../../src/standin/generated.ts';
import type { StoredVideo } from '../../src/standin/library.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { selfSigned } from '../standin/self-signed.ts';

// Larger than all buffers on the way together, so that each of them is used again and again.
const library = generatedLibrary({ count: 1, sizeBytes: 16 * 1024 * 1024 });
const { videoNo, read, sizeBytes } = library.at('default', 0) as StoredVideo;

async function serve(scheme: string, scene: Scene): Promise<Buffer> {
  if (scheme === 'https') {
    const tls = selfSigned();
    scene.env.NODE_EXTRA_CA_CERTS = scene.write('certificate.pem', tls.cert);
    await scene.standin({ videos: library, tls });
  } else await scene.standin({ videos: library });
  return buffer(read(0, sizeBytes));
}

describe.concurrent.for(['http', 'https'])('a large video over %s', (scheme) => {
  it('comes into a file as it is, and so does its SHA-256', async ({ scene }) => {
    const video = await serve(scheme, scene);
    const { code, stdout } = await scene.run([
      'download',
      videoNo,
      '-o',
      'video.mp4',
      '--checksum',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(scene.read('video.mp4').equals(video)).toBe(true);
    const sha256 = createHash('sha256').update(video).digest('hex');
    expect(JSON.parse(stdout.toString())).toMatchObject({ bytes: sizeBytes, sha256 });
  });

  it('comes out of standard output as it is', async ({ scene }) => {
    const video = await serve(scheme, scene);
    const { code, stdout } = await scene.run(['download', videoNo, '-o', '-']);
    expect(code).toBe(0);
    expect(stdout.equals(video)).toBe(true);
  });
});
