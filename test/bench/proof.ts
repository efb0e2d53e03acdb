/** `npm run bench:proof`: compares `verify` and `verify --deep` of 1 GiB with sha256sum, and times a long film's tables. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { MovieReader } from '../../src/isobmff/movie.ts';
import { film } from '../isobmff/films.ts';
import { builtProgram, type Place } from './place.ts';

const ROUNDS = 5;
const GIB = 2 ** 30;

/** Creates the files, runs the commands in turn and prints medians. Needs ffmpeg and 3 GiB of free space. */
export function main(_args: readonly string[], place: Place): number {
  const clip = join(place.folder, 'clip.mp4');
  const ffmpeg = (...args: readonly string[]): void =>
    void execFileSync('ffmpeg', ['-loglevel', 'error', '-y', ...args]);
  // Noise keeps the bit rate at a camera's 80 Mbit/s; the audio makes the file interleaved.
  const noise = ['-f', 'lavfi', '-i', 'nullsrc=s=1920x1080:r=30:d=4,geq=random(1)*255:128:128'];
  const sound = ['-f', 'lavfi', '-i', 'sine=d=4'];
  const codecs = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-b:v',
    '80M',
    '-maxrate',
    '80M',
    '-bufsize',
    '80M',
  ];
  ffmpeg(...noise, ...sound, ...codecs, '-pix_fmt', 'yuv420p', '-c:a', 'aac', clip);
  const loops = String(Math.ceil(GIB / Number(execFileSync('stat', ['-c', '%s', clip]))) - 1);
  const bin = builtProgram(place);
  for (const [title, flags] of [
    ['moov first', ['-movflags', '+faststart']],
    ['moov last', []],
  ] as const) {
    const file = join(place.folder, 'gib.mp4');
    ffmpeg('-stream_loop', loops, '-i', clip, '-c', 'copy', ...flags, file);
    const commands: Readonly<Record<string, readonly string[]>> = {
      sha256sum: ['sha256sum', file],
      verify: [process.execPath, bin, 'verify', file],
      'verify --deep': [process.execPath, bin, 'verify', '--deep', file],
    };
    const seconds = new Map(Object.keys(commands).map((name) => [name, [] as number[]]));
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [name, [program = '', ...args]] of Object.entries(commands)) {
        const startedMs = performance.now();
        execFileSync(program, args);
        // The first round fills the page cache.
        if (round > 0) seconds.get(name)?.push((performance.now() - startedMs) / 1000);
      }
    }
    for (const [name, all] of seconds) {
      console.log(`${title}, ${name}: ${(all.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0).toFixed(2)} s`);
    }
  }
  const { bytes: long, mdatAt } = film(
    { moov: 'first' },
    { frames: 650_000, framesPerChunk: 30, unitBytes: 44 },
  );
  const movie = new MovieReader(true);
  const startedMs = performance.now();
  for (let at = 0; at < long.length; at += 65_536) movie.push(long.subarray(at, at + 65_536));
  const ms = Math.round(performance.now() - startedMs);
  // The reader keeps the moov itself, in a buffer of at most twice its size.
  console.log(
    `650,000 frames, ${movie.end().kind}: ${(mdatAt / 2 ** 20).toFixed(1)} MiB of tables, ${ms} ms`,
  );
  return 0;
}
