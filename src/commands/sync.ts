/** `mavi sync`: flags to a checked plan. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { readTemplate } from '../library/names.ts';
import { SETTING_NAMES } from '../settings/settings.ts';
import type { Shard, SyncPlan } from '../sync/inventory.ts';
import { type CommandContext, type Flags, subcommand } from './command.ts';
import { addRunFlags, addScopes, NAME_TEMPLATES, nameTemplateOption, queryOf, runPlanOf } from './flags.ts';

/** Adds the command. */
export function addSync(program: Command, { host, run }: CommandContext): void {
  const summary = 'keep a folder in sync with the library; never deletes anything';
  const examples = [
    ['mavi sync library --dry-run', 'what would it cost?'],
    ['mavi sync library', 'download what is missing; run it again after any interruption'],
    [`mavi sync library --name-template '{create_date}/{video_name}'`, 'names for people'],
  ] as const;
  const command = subcommand(program, 'sync', summary, examples, NAME_TEMPLATES)
    .argument('<dir>', 'the folder, created if missing')
    .option('--dry-run', 'print what would be downloaded, and its price')
    .option('-f, --force', 'replace recorded files that have changed')
    .addOption(nameTemplateOption().default('{video_no}'))
    .option('--skip-recorded', 'skip recorded videos whose files are gone')
    .option('--mtime', 'set file times to when the video was taken')
    .option('--shard <i>/<n>', 'sync the i-th of n disjoint parts only');
  addRunFlags(command);
  addScopes(command, SETTING_NAMES);
  run(command, async (flags, [folder = '']) => {
    const plan = syncPlan(flags, folder);
    return (await import('./work.ts')).runSync(plan, host);
  });
}

function syncPlan(flags: Flags, folder: string): SyncPlan {
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
