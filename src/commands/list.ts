/** `mavi list`: flags to a checked plan. */
import { type Command, Option } from 'commander';
import type { ListPlan } from '../library/list.ts';
import { CONNECTION, type CommandContext, type Flags, settingTexts, subcommand, VERBOSE } from './command.ts';
import { addScopes, queryOf } from './flags.ts';

/** Adds the command. */
export function addList(program: Command, { host, run }: CommandContext): void {
  const command = subcommand(program, 'list', 'list the library', [
    ['mavi list --match holiday', 'names that contain "holiday", in any case'],
    ['mavi list --ids | mavi download -a - -d library', 'download all of them'],
    [`mavi list --json | jq -r 'select(.size > 1e9) | .video_no'`, 'the large ones'],
  ]);
  const scopes = new Option('--scopes', 'list the scopes (unique_id) instead of videos').conflicts('folders');
  const folders = new Option('--folders', 'list the folders instead of videos');
  command
    .addOption(new Option('--json', 'print a JSON object for each video').conflicts('ids'))
    .option('--ids', 'print video IDs only, one a line')
    .addOption(scopes)
    .addOption(folders)
    .option(...VERBOSE);
  const filters = addScopes(command, [...CONNECTION, 'retries']);
  for (const option of [scopes, folders]) option.conflicts(filters);
  run(command, async (flags) => (await import('./work.ts')).runList(listPlan(flags), host));
}

function listPlan(flags: Flags): ListPlan {
  return {
    what: (['scopes', 'folders'] as const).find((what) => flags[what]) ?? 'videos',
    form: (['json', 'ids'] as const).find((form) => flags[form]) ?? 'table',
    query: queryOf(flags),
    verbose: flags.verbose === true,
    settings: settingTexts(flags),
  };
}
