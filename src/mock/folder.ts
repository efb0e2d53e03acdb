import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { libraryOf, type StoredVideo, type VideoLibrary } from './library.ts';
import { readerOf } from './video-file.ts';

const VIDEO_NO = /^VI\d{18}$/;

/**
 * A library of the files in a folder, hidden ones left out, all in one scope.
 * A file named `<video_no>.mp4` keeps that number; any other gets one derived from its name, the same each time.
 */
export async function videosFromFolder(folder: string, uniqueId = 'default'): Promise<VideoLibrary> {
  const entries = await readdir(folder, { withFileTypes: true });
  // Sorted, so that of two files with the same number the same one keeps it at each start.
  const names = entries
    .map((entry) => entry.name)
    .filter((name) => !name.startsWith('.'))
    .sort();
  const taken = new Set<string>();
  const videos: StoredVideo[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const facts = await stat(path);
    if (!facts.isFile()) continue;
    const stem = parse(name).name;
    const videoNo = VIDEO_NO.test(stem) && !taken.has(stem) ? stem : videoNoFor(name);
    taken.add(videoNo);
    videos.push({
      videoNo,
      uniqueId,
      name: stem,
      sizeBytes: facts.size,
      durationSeconds: 0,
      status: 'PARSE',
      createTimeMs: Math.floor(facts.mtimeMs),
      read: readerOf(path),
    });
  }
  return libraryOf(videos);
}

function videoNoFor(name: string): string {
  const hash = createHash('sha256').update(name).digest().readBigUInt64BE();
  return `VI${String(hash % 10n ** 18n).padStart(18, '0')}`;
}
