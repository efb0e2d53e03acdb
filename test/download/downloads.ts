import { join } from 'node:path';
import { run } from '../../src/cli.ts';
import type { EndingSignal } from '../../src/errors.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { Mock, MockOptions } from '../../src/mock/server.ts';
import type { VideoRecord } from '../../src/record.ts';
import { type FakeHost, type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { bytesOf, madeUpVideo } from '../helpers/videos.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';

/** How a download ended. */
export interface Downloaded {
  readonly code: number;
  readonly host: FakeHost;
  readonly errors: string;
  /** The record; throws if none was printed. */
  readonly record: VideoRecord;
}

/** A folder, a server with one video, and downloads of it. */
export interface Place {
  readonly folder: string;
  readonly mock: Mock;
  readonly videoNo: string;
  readonly bytes: Buffer;
  /** A path in the folder. */
  path(name: string): string;
  /** Downloads the video with these arguments. */
  download(args: readonly string[], options?: DownloadOptions): Promise<Downloaded>;
}

/** Options of one download. */
export interface DownloadOptions extends Partial<FakeHostOptions> {
  /** The ID of its process; default: that of this one, with no other process alive. */
  readonly pid?: number;
  /** The run receives this signal when the promise resolves. */
  readonly signal?: Promise<EndingSignal>;
}

/** A place for downloads of one video of 20 000 bytes, or of the one given. */
export async function placeToDownload(
  options: MockOptions = {},
  video: StoredVideo = madeUpVideo(20_000).video,
): Promise<Place> {
  const folder = tempDir();
  const mock = await withMock({ videos: [video], ...options });
  return {
    folder,
    mock,
    videoNo: video.videoNo,
    bytes: await bytesOf(video),
    path: (name) => join(folder, name),
    async download(args, { pid, signal, ...hostOptions } = {}) {
      const alone = fakeHost({ cwd: folder, env: envFor(mock), ...hostOptions });
      const host = pid === undefined ? alone : { ...alone, pid, isAlive: () => true };
      void signal?.then(host.send);
      const code = await run(['download', video.videoNo, '--json', ...args], host);
      return {
        code,
        host,
        errors: host.errors(),
        get record() {
          return recordIn(`${host.output()}\n${host.errors()}`);
        },
      };
    },
  };
}

function recordIn(text: string): VideoRecord {
  const line = text.split('\n').find((each) => each.startsWith('{"video_no"'));
  if (line === undefined) throw new Error(`No record was printed:\n${text}`);
  return JSON.parse(line);
}
