/** `mavi mock`, from a checked plan to an exit code: the only place that starts the mock. */
import { type ExitCode, LocalError, localError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host, print, printUnmasked, say } from '../host.ts';
import type { Rate } from '../settings/values.ts';
import { FAULTS } from './fault-names.ts';
import { sampleLibrary, videosFromFolder } from './library.ts';
import { type Mock, startMock } from './server.ts';

/** What `mavi mock` was asked to do. */
export interface MockPlan {
  /** 0 is any free port. */
  readonly port: number;
  /** A folder of videos; null is the samples. */
  readonly videos: string | null;
  /** A fault text for all videos; null is none. */
  readonly fault: string | null;
  /** The account's limit; null is none. */
  readonly limit: Rate | null;
  /** Bytes a second of each body; null is as fast as they are read. */
  readonly pace: number | null;
  readonly listFaults: boolean;
}

/** Serves until a signal comes. Throws the signal, UsageError for a bad fault, LocalError for a bad port or folder. */
export async function runMock(plan: MockPlan, host: Host): Promise<ExitCode> {
  if (plan.listFaults) {
    const width = Math.max(...Object.keys(FAULTS).map((name) => name.length));
    for (const [name, meaning] of Object.entries(FAULTS))
      await print(host, `${name.padEnd(width)}  ${meaning}\n`);
    return 0;
  }
  const videos = plan.videos === null ? await sampleLibrary() : await folderLibrary(plan.videos, host);
  const mock = await start(plan, videos);
  try {
    // The key is the mock's own, made up for the whole world; masked it would be of no use.
    const lines = `MAVI_BASE_URL=${mock.baseUrl}\nMAVI_API_KEY=${mock.key}\n`;
    await printUnmasked(host, lines);
    const count = videos.uniqueIds.reduce((sum, uniqueId) => sum + videos.count(uniqueId), 0);
    say(host, `mavi: serving ${count} videos until Ctrl-C; the key works only with this mock`);
    return await abortable(new Promise<never>(() => {}), host.interrupt);
  } finally {
    await mock.close();
  }
}

async function folderLibrary(folder: string, host: Host): ReturnType<typeof videosFromFolder> {
  return videosFromFolder(pathFrom(host.cwd, folder)).catch((error) => {
    throw localError(error, folder, 'read');
  });
}

async function start(plan: MockPlan, videos: Awaited<ReturnType<typeof videosFromFolder>>): Promise<Mock> {
  try {
    return await startMock({
      port: plan.port,
      videos,
      ...(plan.fault === null ? {} : { faults: plan.fault }),
      ...(plan.limit === null ? {} : { accountLimit: plan.limit }),
      ...(plan.pace === null ? {} : { bytesPerSecond: plan.pace }),
    });
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UsageError(`--fault: ${error.message}`, {
        hint: 'list the faults with: mavi mock --list-faults',
      });
    }
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new LocalError('port', `port ${plan.port} is already in use`, {
        hint: 'omit --port to use a free port',
      });
    }
    throw error;
  }
}
