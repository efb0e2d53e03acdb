/** Films that ffmpeg makes: no false alarm, and what is cut or overwritten is found. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MovieReader } from '../../src/isobmff/movie.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const SOURCE = '-loglevel error -f lavfi -i testsrc=s=160x120:r=25:d=2 -f lavfi -i sine=d=2 -pix_fmt yuv420p';
const AVC = '-c:v libx264 -g 10 -c:a aac';
const HEVC = '-c:v libx265 -preset ultrafast -x265-params log-level=none -g 10 -c:a aac';
const FRAGMENTS = '-movflags frag_keyframe+empty_moov+default_base_moof';

function make(options: string, name = 'film.mp4'): Buffer {
  const path = join(tempDir(), name);
  execFileSync('ffmpeg', [...SOURCE.split(' '), ...options.split(' '), path]);
  return readFileSync(path);
}

/** What is said of a film: its verdict, and whether its media is damaged. */
function look(film: Buffer): { kind: string; damaged: boolean } {
  const movie = new MovieReader(true);
  movie.push(film);
  const late = movie.lateMedia();
  late?.push(film, 0);
  return { kind: movie.end().kind, damaged: (movie.media.damage ?? late?.damage ?? null) !== null };
}

const INTACT = { kind: 'complete', damaged: false };

describe('a film by ffmpeg', () => {
  it.each([
    ['moov last', AVC],
    ['moov first', `${AVC} -movflags +faststart`],
    ['fragments', `${AVC} ${FRAGMENTS}`],
    ['fragments with an index', `${AVC} ${FRAGMENTS}+global_sidx`],
    ['fragments without a trailer', `${AVC} ${FRAGMENTS}+skip_trailer`],
    ['DASH segments', `${AVC} ${FRAGMENTS}+dash`],
    ['absolute offsets', `${AVC} -movflags frag_keyframe+empty_moov`],
    ['samples in its moov and in fragments', `${AVC} -movflags frag_keyframe`],
    ['HEVC', HEVC],
    ['HEVC in fragments', `${HEVC} ${FRAGMENTS}`],
    ['many slices', `${AVC} -x264-params slice-max-size=500`],
    ['two video tracks', `${AVC} -map 0 -map 0 -map 1`],
    ['MPEG-4 video', '-c:v mpeg4 -c:a aac'],
  ])('is complete and intact with %s', (_what, options) => {
    const film = make(options);
    expect(look(film)).toEqual(INTACT);
    expect(look(film.subarray(0, -1)).kind).toBe('cut');
  });

  it.each(['uncompressed sound', 'chapters'])('is complete and intact as QuickTime with %s', (what) => {
    const sound = what === 'chapters' ? 'aac -timecode 01:00:00:00' : 'pcm_s16le';
    expect(look(make(`-c:v libx264 -c:a ${sound}`, 'film.mov'))).toEqual(INTACT);
  });

  it.each([
    ['moov first', `${AVC} -movflags +faststart`],
    ['moov last', AVC],
    ['fragments', `${AVC} ${FRAGMENTS}`],
    ['HEVC', HEVC],
  ])('is damaged by 16 KiB of zeros or JSON in its media (%s)', (_what, options) => {
    const film = make(options);
    const at = film.indexOf('mdat') + 4 + 8000;
    for (const patch of [Buffer.alloc(16_384), Buffer.alloc(16_384, '{"code":"0001"}')]) {
      const damagedFilm = Buffer.from(film);
      damagedFilm.set(patch.subarray(0, film.length - at - 4000), at);
      expect(look(damagedFilm).damaged).toBe(true);
    }
  });
});
