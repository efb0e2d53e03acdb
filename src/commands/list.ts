/** `mavi list`: flags to a checked plan; and the filters that `download` and `sync` share with it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { ListPlan } from '../library/list.ts';
import type { LibraryQuery } from '../library/query.ts';
import { readSetting, type SettingName, type SettingTexts } from '../settings/settings.ts';
import {
  API_SETTINGS,
  addEnd,
  addSettings,
  type CommandContext,
  settingTexts,
  subcommand,
  VERBOSE,
} from './command.ts';

/** Adds the command. */
export function addList(program: Command, context: CommandContext): void {
  const scopes = new Option('--scopes', 'list the scopes (unique_id) instead of videos').conflicts('folders');
  const folders = new Option('--folders', 'list the folders instead of videos');
  const command = subcommand(program, 'list', 'list the library')
    .addOption(new Option('--json', 'print a JSON object for each video').conflicts('ids'))
    .option('--ids', 'print video IDs only, one a line')
    .addOption(scopes)
    .addOption(folders)
    .option(...VERBOSE);
  const ownCount = command.options.length;
  addFilters(command);
  const filters = command.options.slice(ownCount).map((option) => option.attributeName());
  for (const option of [scopes, folders]) option.conflicts(filters);
  addScopes(command, API_SETTINGS);
  addEnd(command, [
    ['mavi list --match holiday', 'names that contain "holiday", in any case'],
    ['mavi list --ids | mavi download -a - -d library', 'download all of them'],
    [`mavi list --json | jq -r 'select(.size > 1e9) | .video_no'`, 'the large ones'],
  ]);
  command.action((flags: Record<string, unknown>) =>
    context.run(async () => (await import('../library/list.ts')).runList(listPlan(flags), context.host)),
  );
}

function listPlan(flags: Record<string, unknown>): ListPlan {
  return {
    what: (['scopes', 'folders'] as const).find((what) => flags[what] === true) ?? 'videos',
    form: (['json', 'ids'] as const).find((form) => flags[form] === true) ?? 'table',
    query: queryOf(flags),
    verbose: flags.verbose === true,
    settings: { ...settingTexts(flags), ...firstScope(flags) },
  };
}

/** Adds the flags that say which videos of the library are meant. */
export function addFilters(command: Command): Command {
  const filters: [flags: string, summary: string, read?: (text: string, earlier: unknown) => unknown][] = [
    ['--match <pattern>', 'part of the name, or * and ?; repeatable', pattern],
    ['--name <name>', 'exact name'],
    ['--status <status>', 'ready, pending or failed', status],
    ['--tag <tag>', 'tag'],
    ['--camera <model>', 'camera model'],
    ['--taken-after <date>', 'taken on or after, such as 2025-06-01', dateMs],
    ['--near <lat,lon>', 'taken within about 20 km of a place', coordinates],
    ['--folder <id>', 'folder ID, from mavi list --folders', folderId],
    ['--limit <n>', 'the newest n only', count],
  ];
  for (const [flags, summary, read = (text: string) => text] of filters) {
    command.addOption(new Option(flags, summary).helpGroup('Filters:').argParser(read));
  }
  return command;
}

/** Adds the settings of a command that lists more than one scope: a repeatable `--unique-id`, and `--all-scopes`. */
export function addScopes(command: Command, settings: readonly SettingName[]): Command {
  const one = new Option(
    '-u, --unique-id <id>',
    'library scope; repeatable (MAVI_UNIQUE_ID; default: "default")',
  );
  const all = new Option('--all-scopes', 'list every scope of the account').conflicts('uniqueId');
  command
    .addOption(one.argParser((text, earlier: string[] = []) => [...earlier, text]).helpGroup('Settings:'))
    .addOption(all.helpGroup('Filters:'));
  return addSettings(
    command,
    settings.filter((name) => name !== 'uniqueId'),
  );
}

/** What `--name-template` takes, for the end of a command's help. */
export const NAME_TEMPLATES = `
Name templates take {video_no}, {video_name}, {create_date}, {taken_date} and {tag};
/ makes subfolders.`;

/** The flag that names files. */
export function nameTemplateOption(): Option {
  return new Option('--name-template <text>', "name files, such as '{create_date}/{video_name}'");
}

/** Which videos the flags mean. */
export function queryOf(flags: Record<string, unknown>): LibraryQuery {
  const near = flags.near as readonly [number, number] | undefined;
  const scopes = Array.isArray(flags.uniqueId) ? (flags.uniqueId as string[]) : [];
  for (const text of scopes) readSetting('uniqueId', { source: 'flag', text });
  return {
    scopes: flags.allScopes === true ? 'all' : scopes,
    filters: {
      video_name: flags.name,
      status: flags.status,
      tag: flags.tag,
      camera_model: flags.camera,
      datetime_taken: flags.takenAfter,
      latitude: near?.[0],
      longitude: near?.[1],
      folder_id: flags.folder,
    },
    patterns: (flags.match as string[] | undefined) ?? [],
    limit: typeof flags.limit === 'number' ? flags.limit : Number.POSITIVE_INFINITY,
  };
}

/** Whether anything in a query narrows it. */
export function isNarrowed({ filters, patterns, limit }: LibraryQuery): boolean {
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  return isFiltered || patterns.length > 0 || Number.isFinite(limit);
}

/** The scope for messages, where `--unique-id` is repeatable. */
export function firstScope(flags: Record<string, unknown>): Pick<SettingTexts, 'uniqueId'> {
  return Array.isArray(flags.uniqueId) ? { uniqueId: String(flags.uniqueId[0]) } : {};
}

function pattern(text: string, earlier: unknown): string[] {
  if (text === '') throw new InvalidArgumentError('It takes a part of a name, or a pattern such as "IMG*".');
  return [...((earlier as string[] | undefined) ?? []), text];
}

const FRIENDLY: Readonly<Record<string, string>> = { READY: 'PARSE', PENDING: 'UNPARSE' };
const STATUSES = ['PARSE', 'UNPARSE', 'FAILED', 'PARSE_ERROR'];

function status(text: string): string {
  const word = FRIENDLY[text.toUpperCase()] ?? text.toUpperCase();
  if (STATUSES.includes(word)) return word;
  throw new UsageError(`--status takes ready, pending or failed, not '${text}'`, {
    hint: `or a status of the API: ${STATUSES.join(', ')}`,
  });
}

/** A date as milliseconds since the epoch; a date without a time is midnight in UTC. */
function dateMs(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It takes a date, such as 2025-06-01.');
  return ms;
}

function coordinates(text: string): readonly [number, number] {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [latitude = Number.NaN, longitude = Number.NaN] = parts;
  if (parts.length !== 2 || !(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) {
    throw new InvalidArgumentError('It takes latitude and longitude, such as 48.2,16.37.');
  }
  return [latitude, longitude];
}

function folderId(text: string): string {
  if (/^-?\d{1,19}$/.test(text)) return text;
  throw new InvalidArgumentError('It takes the ID of a folder: a whole number.');
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It takes a whole number above 0.');
  return Number(text);
}
