/** `mavi mock`, from a checked plan to an exit code. */
import { codeOf, type ExitCode, LocalError, localError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host, print, say } from '../host.ts';
import { FAULTS } from './faults.ts';
import { sampleLibrary, videosFromFolder } from './library.ts';
import { type MockOptions, startMock } from './server.ts';

/** What `mavi mock` was asked to do. */
export interface MockPlan {
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
  const { folder, options } = plan;
  const library = folder === null ? sampleLibrary() : videosFromFolder(pathFrom(host.cwd, folder));
  const videos = await library.catch((error) => {
    throw folder === null ? error : localError(error, folder, 'read');
  });
  const mock = await startMock({ ...options, videos }).catch((error) => {
    throw startError(error, options.port);
  });
  try {
    // The key is the mock's own and public; `print` masks only those of a user.
    await print(host, `MAVI_BASE_URL=${mock.baseUrl}\nMAVI_API_KEY=${mock.key}\n`);
    const count = videos.uniqueIds.reduce((sum, uniqueId) => sum + videos.count(uniqueId), 0);
    say(host, `mavi: serving ${count} videos until Ctrl-C; the key works only with this mock`);
    return await abortable(new Promise<never>(() => {}), host.interrupt);
  } finally {
    await mock.close();
  }
}

function startError(error: unknown, port: number | undefined): unknown {
  if (error instanceof SyntaxError) {
    const hint = 'list the faults with: mavi mock --list-faults';
    return new UsageError(`--fault: ${error.message}`, { hint });
  }
  if (codeOf(error) !== 'EADDRINUSE') return error;
  const hint = 'omit --port to use a free port';
  return new LocalError('port', `port ${port} is already in use`, { hint });
}
