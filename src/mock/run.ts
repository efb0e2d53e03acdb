/** `mavi mock`, from a checked plan to an exit code. */
import { type ExitCode, LocalError, localError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host, print, printUnmasked, say } from '../host.ts';
import { FAULTS } from './faults.ts';
import { sampleLibrary, type VideoLibrary, videosFromFolder } from './library.ts';
import { type Mock, type MockOptions, startMock } from './server.ts';

/** What `mavi mock` was asked to do. */
export interface MockPlan {
  /** Print the faults instead of serving. */
  readonly listFaults: boolean;
  /** A folder of videos; null for the samples. */
  readonly folder: string | null;
  readonly options: MockOptions;
}

/** Serves until a signal comes. Throws the signal, UsageError for a bad fault, LocalError for a bad port or folder. */
export async function runMock(plan: MockPlan, host: Host): Promise<ExitCode> {
  if (plan.listFaults) {
    const width = Math.max(...Object.keys(FAULTS).map((name) => name.length));
    for (const [name, [summary]] of Object.entries(FAULTS))
      await print(host, `${name.padEnd(width)}  ${summary}\n`);
    return 0;
  }
  const videos = plan.folder === null ? await sampleLibrary() : await folderLibrary(plan.folder, host);
  const mock = await start({ ...plan.options, videos });
  try {
    // The key is the mock's own and public; masked, it would be of no use.
    await printUnmasked(host, `MAVI_BASE_URL=${mock.baseUrl}\nMAVI_API_KEY=${mock.key}\n`);
    const count = videos.uniqueIds.reduce((sum, uniqueId) => sum + videos.count(uniqueId), 0);
    say(host, `mavi: serving ${count} videos until Ctrl-C; the key works only with this mock`);
    return await abortable(new Promise<never>(() => {}), host.interrupt);
  } finally {
    await mock.close();
  }
}

async function folderLibrary(folder: string, host: Host): Promise<VideoLibrary> {
  return videosFromFolder(pathFrom(host.cwd, folder)).catch((error) => {
    throw localError(error, folder, 'read');
  });
}

async function start(options: MockOptions): Promise<Mock> {
  try {
    return await startMock(options);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UsageError(`--fault: ${error.message}`, {
        hint: 'list the faults with: mavi mock --list-faults',
      });
    }
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new LocalError('port', `port ${options.port} is already in use`, {
        hint: 'omit --port to use a free port',
      });
    }
    throw error;
  }
}
