/** `mavi list`: flags to a checked plan. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SettingTexts } from '../settings/settings.ts';
import {
  API_SETTINGS,
  addEnd,
  addSettings,
  type CommandContext,
  settingTexts,
  subcommand,
} from './command.ts';

/** What `mavi list` was asked to do. */
export interface ListPlan {
  readonly form: 'table' | 'json' | 'ids';
  readonly scopes: boolean;
  /** By the API's own names. */
  readonly filters: Readonly<Record<string, unknown>>;
  /** Infinity is all. */
  readonly limit: number;
  readonly verbose: boolean;
  readonly settings: SettingTexts;
}

/** Adds the command. */
export function addList(program: Command, context: CommandContext): void {
  const command = subcommand(program, 'list', 'list the library')
    .addOption(new Option('--json', 'one JSON object a video, with the fields of the API').conflicts('ids'))
    .option('--ids', 'one video_no a line')
    .option('--name <name>', 'of exactly that name')
    .option('--status <status>', 'of that status: PARSE is ready, UNPARSE is still being indexed')
    .option('--tag <tag>', 'with that tag')
    .option('--camera <model>', 'taken with that camera model')
    .option(
      '--taken-after <date>',
      'taken at or after a date, such as 2025-06-01 or 2025-06-01T12:00Z',
      dateMs,
    )
    .option('--near <lat,lon>', 'taken within about 20 km, such as 48.2,16.37', coordinates)
    .option('--limit <n>', 'the newest so many only', count)
    .option('--scopes', 'list the unique_ids instead of videos')
    .option('-v, --verbose', 'each request and answer on standard error, the key masked');
  addSettings(command, API_SETTINGS);
  addEnd(command, [
    ['mavi list --limit 20', 'the newest twenty'],
    ['mavi list --ids | mavi download -a - -d library', 'download all of them'],
    [`mavi list --json | jq -r 'select(.size > 1e9) | .video_no'`, 'the large ones'],
  ]);
  command.action((flags: Record<string, unknown>) =>
    context.run(async () => (await import('../library/list.ts')).runList(listPlan(flags), context.host)),
  );
}

function listPlan(flags: Record<string, unknown>): ListPlan {
  const near = flags.near as readonly [number, number] | undefined;
  const filters = {
    video_name: flags.name,
    status: flags.status,
    tag: flags.tag,
    camera_model: flags.camera,
    datetime_taken: flags.takenAfter,
    latitude: near?.[0],
    longitude: near?.[1],
  };
  return {
    form: flags.json === true ? 'json' : flags.ids === true ? 'ids' : 'table',
    scopes: flags.scopes === true,
    filters: Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)),
    limit: typeof flags.limit === 'number' ? flags.limit : Number.POSITIVE_INFINITY,
    verbose: flags.verbose === true,
    settings: settingTexts(flags),
  };
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

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It takes a whole number above 0.');
  return Number(text);
}
