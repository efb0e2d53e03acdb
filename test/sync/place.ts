import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { run } from '../../src/cli.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { Mock, MockOptions } from '../../src/mock/server.ts';
import { type FakeHost, type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';
import { downloadsOf, envFor, withMock } from '../helpers/with-mock.ts';
import { growingLibrary, madeVideos } from '../library/stored-video.ts';

const MANIFEST = 'mavi-manifest.ndjson';

export interface Line {
  readonly video_no: string;
  readonly status: string;
  readonly file: string;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly error: { readonly code: string } | null;
}

export interface Synced {
  readonly code: number;
  readonly errors: string;
  readonly output: string;
}

/** A mock whose library a test may change, and a place to sync it into. */
export class Place {
  readonly cwd = tempDir();
  readonly folder = join(this.cwd, 'lib');
  readonly manifestPath = join(this.folder, MANIFEST);
  readonly videos: StoredVideo[];
  mock!: Mock;

  constructor(videos: readonly StoredVideo[]) {
    this.videos = [...videos];
  }

  static async of(videos: number | readonly StoredVideo[], options: MockOptions = {}): Promise<Place> {
    const place = new Place(typeof videos === 'number' ? madeVideos(videos) : videos);
    place.mock = await withMock({ videos: growingLibrary(place.videos), ...options });
    return place;
  }

  get ids(): string[] {
    return this.videos.map((video) => video.videoNo);
  }

  host(options: Partial<FakeHostOptions> = {}): FakeHost {
    return fakeHost({ cwd: this.cwd, env: envFor(this.mock), ...options });
  }

  async sync(args: readonly string[] = [], host = this.host()): Promise<Synced> {
    const code = await run(['sync', 'lib', ...args], host);
    return { code, errors: host.errors(), output: host.output().toString() };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** All names in the folder except the manifest's. */
  names(): string[] {
    return namesIn(this.folder).filter((name) => name !== MANIFEST);
  }

  lines(): Line[] {
    const text = readFileSync(this.manifestPath, 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  }

  /** The IDs requested since the last call. */
  fetched(): string[] {
    const all = downloadsOf(this.mock).map((request) => (request.json as { video_no: string }).video_no);
    const fresh = all.slice(this.#seen);
    this.#seen = all.length;
    return fresh.sort();
  }
  #seen = 0;

  async expectWhole(id: string, name = `${id}.mp4`): Promise<void> {
    const video = this.videos.find((each) => each.videoNo === id) ?? expect.fail(`no video ${id}`);
    expect(readFileSync(this.path(name)).equals(await bytesOf(video)), name).toBe(true);
  }
}

export function sorted(ids: readonly (string | undefined)[]): string[] {
  return ids.map(String).sort();
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
