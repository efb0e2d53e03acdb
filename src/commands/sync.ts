/** `mavi sync`: flags to a checked plan. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { readTemplate } from '../library/names.ts';
import { SETTING_NAMES } from '../settings/settings.ts';
import type { Shard, SyncPlan } from '../sync/plan.ts';
import { addEnd, type CommandContext, type Flags, subcommand } from './command.ts';
import {
  addChecks,
  addFilters,
  addRunFlags,
  addScopes,
  NAME_TEMPLATES,
  nameTemplateOption,
  queryOf,
  runPlanOf,
} from './flags.ts';

/** Adds the command. */
export function addSync(program: Command, { host, run }: CommandContext): void {
  const summary = 'keep a folder in sync with the library; never deletes anything';
  const command = subcommand(program, 'sync', summary)
    .argument('<dir>', 'the folder, created if missing')
    .option('--dry-run', 'print what would be downloaded, and its price')
    .option('-f, --force', 'replace recorded files that have changed')
    .addOption(nameTemplateOption().default('{video_no}'))
    .option('--skip-recorded', 'skip recorded videos whose files are gone')
    .option('--mtime', 'set file times to when the video was taken')
    .option('--shard <i>/<n>', 'sync the i-th of n disjoint parts only');
  addChecks(command);
  addRunFlags(command);
  addFilters(command);
  addScopes(command, SETTING_NAMES);
  command.addHelpText('after', NAME_TEMPLATES);
  addEnd(command, [
    ['mavi sync library --dry-run', 'what would it cost?'],
    ['mavi sync library', 'download what is missing; run it again after any interruption'],
    [`mavi sync library --name-template '{create_date}/{video_name}'`, 'names for people'],
  ]);
  command.action((folder: string, flags: Flags) =>
    run(async () => {
      const plan = syncPlan(folder, flags);
      return (await import('./work.ts')).runSync(plan, host);
    }),
  );
}

function syncPlan(folder: string, flags: Flags): SyncPlan {
  if (folder === '') throw new UsageError('<dir> must not be empty');
  return {
    ...runPlanOf(flags, true),
    folder,
    query: queryOf(flags),
    force: flags.force === true,
    template: readTemplate(String(flags.nameTemplate)),
    shard: readShard(flags.shard),
  };
}

function readShard(text: unknown): Shard {
  if (text === undefined) return { index: 1, of: 1 };
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(String(text)) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (shard.index >= 1 && shard.index <= shard.of) return shard;
  throw new UsageError(`--shard takes i/n with i from 1 to n, such as 1/4, not '${text}'`);
}
