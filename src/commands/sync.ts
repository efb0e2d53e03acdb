/** `mavi sync`: flags to a checked plan. */
import { type Command, Option } from 'commander';
import type { OutputOptions } from '../download/plan.ts';
import type { CheckRules } from '../download/sniff.ts';
import { UsageError } from '../errors.ts';
import type { SettingTexts } from '../settings/settings.ts';
import type { Template } from '../sync/template.ts';
import {
  addEnd,
  addSettings,
  type CommandContext,
  DOWNLOAD_SETTINGS,
  settingTexts,
  subcommand,
} from './command.ts';
import { addChecks, addMaxTransfer, addTalk, checksOf, maxTransferOf, outputOptionsOf } from './download.ts';

/** One of `of` disjoint parts of a library, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** What `mavi sync` was asked to do. */
export interface SyncPlan extends OutputOptions {
  readonly folder: string;
  readonly dryRun: boolean;
  readonly template: Template;
  readonly shard: Shard;
  readonly rules: CheckRules;
  /** Bytes; null is no limit. */
  readonly maxTransfer: number | null;
  readonly settings: SettingTexts;
}

/** Adds the command. */
export function addSync(program: Command, context: CommandContext): void {
  const command = subcommand(
    program,
    'sync',
    'keep a folder in step with the library; nothing is ever deleted',
  )
    .argument('<dir>', 'the folder, made if missing; mavi-manifest.ndjson in it records what is there')
    .option('--dry-run', 'print what would come, how many bytes, the least time and the price, and end')
    .addOption(
      new Option(
        '--name-template <template>',
        'file names from {video_no}, {video_name} and {create_date}',
      ).default('{video_no}'),
    )
    .option('--shard <i>/<n>', 'only the i-th of n disjoint parts, to spread a library over machines');
  addChecks(command);
  addMaxTransfer(command);
  addTalk(command);
  addSettings(command, DOWNLOAD_SETTINGS);
  addEnd(command, [
    ['mavi sync library --dry-run', 'what would it cost?'],
    ['mavi sync library', 'fetch what is missing; run it again after any interruption'],
    [`mavi sync library --name-template '{create_date} {video_name}'`, 'names for people'],
  ]);
  command.action((folder: string, flags: Record<string, unknown>) =>
    context.run(async () => {
      // Loaded now, for the names of files take a package that no other command needs.
      const { readTemplate } = await import('../sync/template.ts');
      const plan = syncPlan(folder, readTemplate(String(flags.nameTemplate)), flags);
      return (await import('../sync/run.ts')).runSync(plan, context.host);
    }),
  );
}

function syncPlan(folder: string, template: Template, flags: Record<string, unknown>): SyncPlan {
  if (folder === '') throw new UsageError('<dir> takes a name, not nothing');
  return Object.freeze({
    ...outputOptionsOf(flags),
    folder,
    dryRun: flags.dryRun === true,
    template,
    shard: readShard(flags.shard),
    rules: checksOf(flags),
    maxTransfer: maxTransferOf(flags),
    settings: settingTexts(flags),
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
