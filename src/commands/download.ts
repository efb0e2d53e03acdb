/** `mavi download`: flags to a checked plan. */
import { type Command, Option } from 'commander';
import {
  DOLLARS_PER_GB,
  type DownloadPlan,
  type OutputOptions,
  oneVideoOnly,
  readVideoNo,
  type TransferLimit,
  type WhenExists,
} from '../download/plan.ts';
import type { CheckRules, Level } from '../download/sniff.ts';
import { UsageError } from '../errors.ts';
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
  VERBOSE,
} from './command.ts';
import { addFilters, isNarrowed, NAME_TEMPLATES, nameTemplateOption, queryOf } from './list.ts';

/** Adds the command. */
export function addDownload(program: Command, context: CommandContext): void {
  const folder = new Option('-d, --output-dir <dir>', 'write <video_no>.mp4 to this folder (default: here)');
  const force = new Option('-f, --force', 'replace existing files').conflicts('skipExisting');
  const clobber = new Option('--clobber', 'same as --force').conflicts('skipExisting');
  const command = subcommand(program, 'download', 'download original videos')
    .argument('[video_no...]', 'the videos, such as VI625239098370850816')
    .option('-o, --output <file>', 'write one video to this file; - is standard output')
    .addOption(folder.conflicts('output'))
    .option('-a, --batch-file <file>', 'read video IDs, one a line; - is standard input')
    .addOption(force)
    .addOption(clobber)
    .option('--skip-existing', 'keep existing files that are complete videos')
    .option('--lookup', 'look up size and name first, for exact progress')
    .addOption(nameTemplateOption().conflicts('output'))
    .option('--manifest <file>', 'append a JSON record of each video to this file')
    .option('--skip-recorded', 'skip videos that the manifest records')
    .option('--mtime', 'set file times to when the video was taken')
    .option('--dry-run', 'print what would be downloaded, and its price');
  addFilters(command);
  addChecks(command).option('--checksum', 'compute and print the SHA-256');
  addMaxTransfer(command);
  addOutputOptions(command);
  addSettings(command, DOWNLOAD_SETTINGS);
  command.addHelpText('after', NAME_TEMPLATES);
  addEnd(command, [
    ['mavi download VI625239098370850816 -o video.mp4', 'one video to a file'],
    ['mavi download VI625239098370850816 -o - | ffmpeg -i - -vn audio.m4a', 'to another program'],
    ['mavi download --match holiday -d videos', 'everything whose name contains "holiday"'],
  ]);
  command.action((videoNos: string[], flags: Record<string, unknown>) =>
    context.run(async () => {
      const text = flags.nameTemplate as string | undefined;
      // Loaded now, since naming files takes a package that few other commands need.
      const template = text === undefined ? null : (await import('../library/names.ts')).readTemplate(text);
      const plan = downloadPlan(videoNos, flags, template);
      return (await import('../download/run.ts')).runDownload(plan, context.host);
    }),
  );
}

/** Adds the flags about verification. */
export function addChecks(command: Command): Command {
  const level = new Option('--verify <level>', 'verify this much of a video');
  const container = new Option('--container <kind>', 'accept MP4 only, or Matroska, AVI, MPEG-TS … too');
  return command
    .addOption(level.choices(['full', 'ftyp', 'none']).default('full'))
    .addOption(container.choices(['mp4', 'any']).default('mp4'))
    .option('--deep', 'check the media itself too, of H.264 and H.265 video');
}

/** Adds the limits on what a run receives. */
export function addMaxTransfer(command: Command): Command {
  return command
    .option('--max-transfer <bytes>', 'stop before more is received, such as 20G')
    .option('--max-cost <dollars>', `stop before it costs more, at $${DOLLARS_PER_GB} a GB`);
}

/** Adds the flags about output. */
export function addOutputOptions(command: Command): Command {
  const progress = new Option('--progress <mode>', 'show progress as bars, as plain lines or not at all');
  return command
    .option('--json', 'print a JSON record of each video to standard output')
    .addOption(progress.choices(['auto', 'bar', 'plain', 'none']).default('auto'))
    .option('-q, --quiet', 'print errors only')
    .option(...VERBOSE);
}

/** What the flags say about output. */
export function outputOptionsOf(flags: Record<string, unknown>): OutputOptions {
  return {
    progress: flags.progress as ProgressMode,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    json: flags.json === true,
  };
}

/** What the flags say about verification. */
export function checksOf(flags: Record<string, unknown>): CheckRules {
  const level = flags.verify as Level;
  const deep = flags.deep === true;
  if (deep && level !== 'full') {
    throw new UsageError(`--deep can't be combined with --verify ${level}`, {
      hint: 'the media is checked by its sample tables: omit one of the two',
    });
  }
  return { level, container: flags.container as 'mp4' | 'any', deep };
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

/** Names of standard output itself, which exist and are not to be replaced. */
const STDOUT_PATHS = new Set(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

function downloadPlan(
  videoNos: readonly string[],
  flags: Record<string, unknown>,
  template: Template | null,
): DownloadPlan {
  const text = (name: string): string | null => (typeof flags[name] === 'string' ? flags[name] : null);
  for (const name of ['output', 'outputDir', 'batchFile', 'manifest']) {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (text(name) === '') throw new UsageError(`${flag} takes a name, not an empty text`);
  }
  const batchFile = text('batchFile');
  const query = queryOf(flags);
  const areNamed = videoNos.length > 0 || batchFile !== null;
  if (!areNamed && !isNarrowed(query)) {
    throw new UsageError('no videos given', {
      hint: 'give IDs, a file of them with --batch-file, or a part of the names with --match',
    });
  }
  if (areNamed && isNarrowed(query)) {
    throw new UsageError("filters such as --match can't be combined with video IDs", {
      hint: 'use one or the other',
    });
  }
  if (flags.skipRecorded === true && text('manifest') === null) {
    throw new UsageError('--skip-recorded needs --manifest <file>');
  }
  const checked = videoNos.map((videoNo) => readVideoNo(videoNo, ''));
  const given = text('output');
  const output = given !== null && STDOUT_PATHS.has(given) ? '-' : given;
  if (output !== null && new Set(checked).size > 1) throw oneVideoOnly();
  return Object.freeze({
    ...outputOptionsOf(flags),
    videoNos: checked,
    batchFile,
    query: areNamed ? null : query,
    output,
    outputDir: text('outputDir') ?? '.',
    whenExists: whenExistsOf(flags),
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

function whenExistsOf({ force, clobber, skipExisting }: Record<string, unknown>): WhenExists {
  if (force === true || clobber === true) return 'force';
  return skipExisting === true ? 'skip' : 'refuse';
}
