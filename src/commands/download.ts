/** `mavi download`: flags to a checked plan. */
import { type Command, Option } from 'commander';
import { type DownloadPlan, readVideoNo, type WhenExists } from '../download/plan.ts';
import { UsageError } from '../errors.ts';
import { readTemplate } from '../library/names.ts';
import { isNarrowed } from '../library/query.ts';
import { SETTING_NAMES } from '../settings/settings.ts';
import { addSettings, type CommandContext, type Flags, subcommand } from './command.ts';
import { addFilters, addRunFlags, NAME_TEMPLATES, nameTemplateOption, queryOf, runPlanOf } from './flags.ts';

/** Adds the command. */
export function addDownload(program: Command, { host, run }: CommandContext): void {
  const folder = new Option('-d, --output-dir <dir>', 'write <video_no>.mp4 to this folder (default: here)');
  const force = new Option('-f, --force', 'replace existing files').conflicts('skipExisting');
  const clobber = new Option('--clobber', 'same as --force').conflicts('skipExisting');
  const examples = [
    ['mavi download VI625239098370850816 -o video.mp4', 'one video to a file'],
    ['mavi download VI625239098370850816 -o - | ffmpeg -i - -vn audio.m4a', 'to another program'],
    ['mavi download --match holiday -d videos', 'everything whose name contains "holiday"'],
  ] as const;
  const command = subcommand(program, 'download', 'download original videos', examples, NAME_TEMPLATES)
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
  addRunFlags(command, new Option('--checksum', 'compute and print the SHA-256'));
  addSettings(command, SETTING_NAMES);
  run(command, async (flags, videoNos) => {
    const plan = downloadPlan(flags, videoNos);
    return (await import('./work.ts')).runDownload(plan, host);
  });
}

/** Names of standard output itself, which exist and are not to be replaced. */
const STDOUT_PATHS = new Set(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

function downloadPlan(flags: Flags, videoNos: readonly string[]): DownloadPlan {
  const texts = flags as Readonly<Record<string, string | undefined>>;
  const { output = null, outputDir = '.', batchFile = null, manifest = null, nameTemplate } = texts;
  const names = { output, 'output-dir': outputDir, 'batch-file': batchFile, manifest };
  for (const [flag, name] of Object.entries(names)) {
    if (name === '') throw new UsageError(`--${flag} takes a name, not an empty text`);
  }
  const query = queryOf(flags);
  const areNamed = videoNos.length > 0 || batchFile !== null;
  if (!areNamed && !isNarrowed(query)) {
    const hint = 'give IDs, a file of them with --batch-file, or a part of the names with --match';
    throw new UsageError('no videos given', { hint });
  }
  if (areNamed && isNarrowed(query)) {
    const hint = 'use one or the other';
    throw new UsageError("filters such as --match can't be combined with video IDs", { hint });
  }
  const plan = runPlanOf(flags, flags.checksum === true);
  if (plan.skipRecorded && manifest === null) throw new UsageError('--skip-recorded needs --manifest <file>');
  return {
    ...plan,
    videoNos: videoNos.map((videoNo) => readVideoNo(videoNo, '')),
    batchFile,
    query: areNamed ? null : query,
    output: output !== null && STDOUT_PATHS.has(output) ? '-' : output,
    outputDir,
    whenExists: whenExistsOf(flags),
    lookup: flags.lookup === true,
    manifest,
    template: nameTemplate === undefined ? null : readTemplate(nameTemplate),
  };
}

function whenExistsOf({ force, clobber, skipExisting }: Flags): WhenExists {
  if (force || clobber) return 'force';
  return skipExisting ? 'skip' : 'refuse';
}
