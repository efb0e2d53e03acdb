/** `mavi sync`: flags to a checked plan. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Template } from '../library/names.ts';
import type { Shard, SyncPlan } from '../sync/plan.ts';
import { addEnd, type CommandContext, DOWNLOAD_SETTINGS, settingTexts, subcommand } from './command.ts';
import {
  addChecks,
  addMaxTransfer,
  addOutputOptions,
  checksOf,
  maxTransferOf,
  outputOptionsOf,
} from './download.ts';
import { addFilters, addScopes, firstScope, NAME_TEMPLATES, nameTemplateOption, queryOf } from './list.ts';

/** Adds the command. */
export function addSync(program: Command, context: CommandContext): void {
  const command = subcommand(
    program,
    'sync',
    'keep a folder in sync with the library; never deletes anything',
  )
    .argument('<dir>', 'the folder, created if missing')
    .option('--dry-run', 'print what would be downloaded, and its price')
    .option('-f, --force', 'replace recorded files that have changed')
    .addOption(nameTemplateOption().default('{video_no}'))
    .option('--skip-recorded', 'skip recorded videos whose files are gone')
    .option('--mtime', 'set file times to when the video was taken')
    .option('--shard <i>/<n>', 'sync the i-th of n disjoint parts only');
  addChecks(command);
  addMaxTransfer(command);
  addOutputOptions(command);
  addFilters(command);
  addScopes(command, DOWNLOAD_SETTINGS);
  command.addHelpText('after', NAME_TEMPLATES);
  addEnd(command, [
    ['mavi sync library --dry-run', 'what would it cost?'],
    ['mavi sync library', 'download what is missing; run it again after any interruption'],
    [`mavi sync library --name-template '{create_date}/{video_name}'`, 'names for people'],
  ]);
  command.action((folder: string, flags: Record<string, unknown>) =>
    context.run(async () => {
      // Loaded on demand: names of files need a package that few other commands use.
      const { readTemplate } = await import('../library/names.ts');
      const plan = syncPlan(folder, readTemplate(String(flags.nameTemplate)), flags);
      return (await import('../sync/run.ts')).runSync(plan, context.host);
    }),
  );
}

function syncPlan(folder: string, template: Template, flags: Record<string, unknown>): SyncPlan {
  if (folder === '') throw new UsageError('<dir> must not be empty');
  return Object.freeze({
    ...outputOptionsOf(flags),
    folder,
    query: queryOf(flags),
    dryRun: flags.dryRun === true,
    force: flags.force === true,
    skipRecorded: flags.skipRecorded === true,
    mtime: flags.mtime === true,
    template,
    shard: readShard(flags.shard),
    rules: checksOf(flags),
    maxTransfer: maxTransferOf(flags),
    settings: { ...settingTexts(flags), ...firstScope(flags) },
  });
}

function readShard(text: unknown): Shard {
  if (text === undefined) return { index: 1, of: 1 };
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(String(text)) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (!(shard.index >= 1 && shard.index <= shard.of)) {
    throw new UsageError(`--shard takes i/n with i from 1 to n, such as 1/4, not '${text}'`);
  }
  return shard;
}
