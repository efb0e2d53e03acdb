import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMock } from '../../../src/mock/server.ts';
import { generatedLibrary } from '../../helpers/generated.ts';
import type { Work } from './contenders.ts';
import { measured } from './rounds.ts';

/** The id of the case. */
export const RATE_ID = 'rate';

/** Results of downloading a library at the account's rate limit. */
export interface RateResult {
  /** One value per round. */
  readonly seconds: readonly number[];
  /** Requests that the account's limit refused, over all rounds. */
  readonly refused: number;
}

/** The limit of the account in this case, and `mavi`'s own: the real one is 12 in 60 seconds. */
export const RATE_LIMIT = { starts: 12, windowMs: 2000 } as const;
export const RATE_VIDEOS = 30;

/** No client can be faster without being refused: the last request can start only after this many full windows. */
export const LEAST_SECONDS = ((Math.ceil(RATE_VIDEOS / RATE_LIMIT.starts) - 1) * RATE_LIMIT.windowMs) / 1000;

/** Downloads 30 videos at a limit of 12 in two seconds. */
export async function runRate(rounds: number, work: Work): Promise<RateResult> {
  const seconds: number[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    const videos = generatedLibrary({ count: RATE_VIDEOS, sizeBytes: 100_000 });
    const mock = await startMock({ videos, accountLimit: RATE_LIMIT });
    const folder = join(work.home, 'library');
    const list = join(work.home, 'ids.txt');
    mkdirSync(folder);
    writeFileSync(
      list,
      Array.from({ length: RATE_VIDEOS }, (_, at) => videos.at('default', at)?.videoNo).join('\n'),
    );
    const rate = `${RATE_LIMIT.starts}/${RATE_LIMIT.windowMs / 1000}s`;
    try {
      const taken = await measured(
        {
          name: 'mavi',
          argv: ({ bin }) => [process.execPath, bin, 'download', '-a', list, '-d', folder, '--rate', rate],
          // A new config folder for each round, so that starts of the previous round do not count.
          env: ({ home }) => ({
            MAVI_BASE_URL: mock.baseUrl,
            MAVI_API_KEY: mock.key,
            MAVI_CONFIG_DIR: join(home, `config-${round}`),
          }),
          pipes: false,
          fileBytes: null,
        },
        work,
      );
      seconds.push(taken.seconds);
      refused += mock.requests.filter(({ bytesSent }) => bytesSent !== 100_000).length;
      const arrived = readdirSync(folder).length;
      if (arrived !== RATE_VIDEOS) throw new Error(`${arrived} of ${RATE_VIDEOS} videos were downloaded`);
    } finally {
      await mock.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { seconds, refused };
}
