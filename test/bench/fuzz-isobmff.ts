/**
 * Feeds damaged films to the reader: `npm run fuzz -- [minutes] [seed]`, 10 minutes by default. It stops at an
 * exception, at a verdict that depends on how the stream is split, and at an input that takes a second.
 */
import { MovieReader } from '../../src/isobmff/movie.ts';
import { film, fragmentedFilm } from '../isobmff/films.ts';

let state = 1;

/** A pseudo-random number below a limit (xorshift), the same for the same seed. */
function below(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

const small = { frames: 12, framesPerChunk: 4, framesPerFragment: 4 } as const;
const FILMS = [
  film({ moov: 'first' }, small).bytes,
  film({ moov: 'last' }, { ...small, codec: 'hevc', wide: true }).bytes,
  film({ moov: 'first', splitAtChunk: 3 }, { ...small, sizeBits: 16 }).bytes,
  fragmentedFilm({ ...small, sidx: 'of all', mfra: true, announced: 1 }).bytes,
  fragmentedFilm({ ...small, sidx: 'of each', base: 'implicit' }).bytes,
  fragmentedFilm({ ...small, base: 'absolute', mediaFirst: true }).bytes,
];
const VALUES = [0, 1, 2, 7, 8, 15, 16, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

function spoilt(): Buffer {
  let copy = Buffer.from(FILMS[below(FILMS.length)] as Buffer);
  for (let count = below(8); count > 0; count -= 1) {
    const at = below(copy.length - 4);
    const kind = below(5);
    if (kind === 0) copy[at] = below(256);
    else if (kind === 1) copy.writeUInt32BE(VALUES[below(VALUES.length)] as number, at);
    else if (kind === 2) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + below(200))]);
    else if (kind === 3)
      copy = Buffer.concat([copy.subarray(0, at), copy.subarray(Math.max(0, at - below(200)))]);
    else copy.fill(below(256), at, Math.min(copy.length, at + below(64)));
    if (copy.length < 16) return Buffer.concat([copy, Buffer.alloc(16)]);
  }
  return copy.subarray(0, below(3) === 0 ? below(copy.length) + 1 : copy.length);
}

/** All events of a file, up to the first failure. */
function look(chunks: readonly Uint8Array[]): string {
  const movie = new MovieReader(true);
  for (const chunk of chunks) movie.push(chunk);
  if (movie.malformed !== null || movie.media.damage !== null) return 'failed';
  const late = movie.lateMedia();
  late?.push(Buffer.concat(chunks), 0);
  return JSON.stringify([movie.end(), movie.progress(2), movie.fragmentSeconds, late?.damage]);
}

/** Runs the fuzzer. Returns the exit code. */
export function main([minutes = '10', seed = '1']: readonly string[]): number {
  state = Number(seed) >>> 0 || 1;
  const endMs = Date.now() + Number(minutes) * 60_000;
  const verdicts = new Map<string, number>();
  let inputs = 0;
  for (; Date.now() < endMs; inputs += 1) {
    const before = state;
    const input = spoilt();
    const startedMs = Date.now();
    const at = below(input.length);
    const once = look([input]);
    const twice = look([input.subarray(0, at), input.subarray(at)]);
    const problem = once !== twice ? 'depends on a cut' : Date.now() - startedMs > 1000 ? 'is slow' : null;
    if (problem !== null) {
      console.error(
        `input ${inputs} (seed ${before}) ${problem} at ${at}:\n${once}\n${twice}\n${input.toString('hex')}`,
      );
      return 1;
    }
    const kind = once === 'failed' ? once : (/"kind":"(\w+)"/.exec(once)?.[1] ?? '');
    verdicts.set(kind, (verdicts.get(kind) ?? 0) + 1);
  }
  const kinds = [...verdicts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  console.log(
    `${inputs} inputs in ${minutes} minutes: ${kinds}; ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  );
  return 0;
}
