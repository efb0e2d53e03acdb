/** `mavi download`: flags to a checked plan. */
import { type Command, Option } from 'commander';
import {
  DOLLARS_PER_GB,
  type DownloadPlan,
  type OutputOptions,
  oneVideoOnly,
  type TransferLimit,
} from '../download/plan.ts';
import type { CheckRules, Level } from '../download/sniff.ts';
import { readVideoNo } from '../download/video-list.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Template } from '../library/names.ts';
import type { ProgressMode } from '../progress/events.ts';
import { byteSize } from '../settings/values.ts';
import {
  addEnd,
  addSettings,
  type CommandContext,
  DOWNLOAD_SETTINGS,
  settingTexts,
  subcommand,
} from './command.ts';
import { addFilters, isNarrowed, nameTemplateOption, queryOf } from './list.ts';

/** Adds the command; `run` does the work, and a test may take its place. */
export function addDownload(
  program: Command,
  context: CommandContext,
  run: (plan: DownloadPlan, host: Host) => ReturnType<Parameters<CommandContext['run']>[0]> = async (
    plan,
    host,
  ) => (await import('../download/run.ts')).runDownload(plan, host),
): void {
  const command = subcommand(program, 'download', 'download original videos')
    .argument('[video_no...]', 'the videos, such as VI625239098370850816')
    .option('-o, --output <file>', 'where to write; - is standard output; one video only')
    .addOption(
      new Option(
        '-d, --output-dir <dir>',
        'the folder for <video_no>.mp4, made if missing (default: here)',
      ).conflicts('output'),
    )
    .option('-a, --batch-file <file>', 'read video_nos, one a line; # comments; - is standard input')
    .addOption(new Option('-f, --force', 'replace a file that is there').conflicts('skipExisting'))
    .addOption(new Option('--clobber', 'the same as --force').conflicts('skipExisting'))
    .option('--skip-existing', 'keep a file that is there, if it is a whole video')
    .option('--lookup', 'ask the library for size and name first: a percentage from the first byte')
    .addOption(nameTemplateOption().conflicts('output'))
    .option('--manifest <file>', 'append one JSON record a video')
    .option('--skip-recorded', 'leave out videos that the manifest records, even if their files are gone')
    .option('--mtime', 'give files the time at which the video was taken or created')
    .option('--dry-run', 'print what would be downloaded, bytes, least time and price');
  addFilters(command);
  addChecks(command).option('--checksum', 'compute SHA-256 while downloading');
  addMaxTransfer(command);
  addTalk(command);
  addSettings(command, DOWNLOAD_SETTINGS);
  addEnd(command, [
    ['mavi download VI625239098370850816 -o video.mp4', 'one video into a file'],
    [
      'mavi download VI625239098370850816 -o - | ffmpeg -i - -vn audio.m4a',
      'into a pipe: nothing leaves before it is known to be video',
    ],
    ['mavi download --match holiday -d videos', 'everything whose name contains "holiday"'],
  ]);
  command.action((videoNos: string[], flags: Record<string, unknown>) =>
    context.run(async () => {
      const text = flags.nameTemplate as string | undefined;
      // Loaded now, for the names of files take a package that few other commands need.
      const names = text === undefined ? null : await import('../library/names.ts');
      return run(downloadPlan(videoNos, flags, names?.readTemplate(text ?? '') ?? null), context.host);
    }),
  );
}

/** Adds the flags that say what is checked. */
export function addChecks(command: Command): Command {
  return command
    .addOption(
      new Option('--verify <level>', 'what must hold before a file gets its name')
        .choices(['full', 'ftyp', 'none'])
        .default('full'),
    )
    .addOption(
      new Option(
        '--container <kind>',
        'any also takes Matroska, WebM, AVI, MPEG-TS and old QuickTime originals',
      )
        .choices(['mp4', 'any'])
        .default('mp4'),
    );
}

/** Adds the limits on what a run may transfer. */
export function addMaxTransfer(command: Command): Command {
  return command
    .option('--max-transfer <bytes>', 'stop before more is received, such as 20G')
    .option('--max-cost <dollars>', `the same as a price, at $${DOLLARS_PER_GB} a GB`);
}

/** Adds the flags that say how a run talks. */
export function addTalk(command: Command): Command {
  return command
    .option('--json', 'one JSON record a video on standard output')
    .addOption(
      new Option('--progress <mode>', 'bar on a terminal, else lines now and then')
        .choices(['auto', 'bar', 'plain', 'none'])
        .default('auto'),
    )
    .option('-q, --quiet', 'errors only')
    .option('-v, --verbose', 'each request and answer on standard error, the key masked');
}

/** How a run talks, out of its flags. */
export function outputOptionsOf(flags: Record<string, unknown>): OutputOptions {
  return {
    progress: flags.progress as ProgressMode,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    json: flags.json === true,
  };
}

/** What is checked, out of the flags. */
export function checksOf(flags: Record<string, unknown>): CheckRules {
  return { level: flags.verify as Level, container: flags.container as 'mp4' | 'any' };
}

/** The limit on what a run may transfer, the lower one if there are two; null is none. */
export function maxTransferOf({ maxTransfer, maxCost }: Record<string, unknown>): TransferLimit | null {
  const limits: TransferLimit[] = [];
  if (typeof maxTransfer === 'string') {
    try {
      limits.push({ bytes: byteSize(maxTransfer), flag: '--max-transfer' });
    } catch (error) {
      throw new UsageError(`--max-transfer ${(error as Error).message}, not '${maxTransfer}'`);
    }
  }
  if (typeof maxCost === 'string') {
    const [, number = ''] = /^\$?(\d{1,9}(?:\.\d+)?)$/.exec(maxCost) ?? [];
    const bytes = Math.floor((Number(number) / DOLLARS_PER_GB) * 1e9);
    if (!(bytes > 0)) {
      throw new UsageError(`--max-cost takes dollars, such as 5 or 0.50, not '${maxCost}'`);
    }
    limits.push({ bytes, flag: `--max-cost $${number}` });
  }
  return limits.sort((a, b) => a.bytes - b.bytes)[0] ?? null;
}

/** Standard output by its own paths: what it leads to is there already, and is not to be replaced. */
const STDOUT_PATHS = new Set(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

function downloadPlan(
  videoNos: readonly string[],
  flags: Record<string, unknown>,
  template: Template | null,
): DownloadPlan {
  const text = (name: string): string | null => (typeof flags[name] === 'string' ? flags[name] : null);
  for (const name of ['output', 'outputDir', 'batchFile', 'manifest']) {
    if (text(name) === '')
      throw new UsageError(
        `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} takes a name, not nothing`,
      );
  }
  const batchFile = text('batchFile');
  const query = queryOf(flags);
  const areNamed = videoNos.length > 0 || batchFile !== null;
  if (!areNamed && !isNarrowed(query)) {
    throw new UsageError('no video named', {
      hint: 'give IDs, a file of them with --batch-file, or a part of the names with --match',
    });
  }
  if (areNamed && isNarrowed(query)) {
    throw new UsageError('filters such as --match select videos instead of IDs', {
      hint: 'use one or the other',
    });
  }
  if (flags.skipRecorded === true && text('manifest') === null) {
    throw new UsageError('--skip-recorded needs --manifest <file>, which has the records');
  }
  const checked = videoNos.map((videoNo) => readVideoNo(videoNo, ''));
  const given = text('output');
  const output = given !== null && STDOUT_PATHS.has(given) ? '-' : given;
  if (output !== null && new Set(checked).size > 1) throw oneVideoOnly();
  const force = flags.force === true || flags.clobber === true;
  return Object.freeze({
    ...outputOptionsOf(flags),
    videoNos: checked,
    batchFile,
    query: areNamed ? null : query,
    output,
    outputDir: text('outputDir') ?? '.',
    whenExists: force ? 'force' : flags.skipExisting === true ? 'skip' : 'refuse',
    rules: { ...checksOf(flags), checksum: flags.checksum === true },
    lookup: flags.lookup === true,
    maxTransfer: maxTransferOf(flags),
    manifest: text('manifest'),
    skipRecorded: flags.skipRecorded === true,
    template,
    mtime: flags.mtime === true,
    dryRun: flags.dryRun === true,
    settings: settingTexts(flags),
  });
}
