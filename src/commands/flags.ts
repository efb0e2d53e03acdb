/** The flags that several commands share: which videos, how they are checked, what a run may cost and prints. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DOLLARS_PER_GB, type RunPlan, type TransferLimit } from '../download/plan.ts';
import type { CheckRules, Level } from '../download/sniff.ts';
import { UsageError } from '../errors.ts';
import type { LibraryQuery } from '../library/query.ts';
import type { ProgressMode } from '../progress/events.ts';
import { readSetting, type SettingName } from '../settings/settings.ts';
import { byteSize, readValue } from '../settings/values.ts';
import { addSettings, type Flags, settingTexts, VERBOSE } from './command.ts';

/** Adds the flags that say which videos of the library are meant. Returns their names. */
export function addFilters(command: Command): string[] {
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
  return filters.map(([flags, summary, read = (text: string) => text]) => {
    const option = new Option(flags, summary).helpGroup('Filters:').argParser(read);
    command.addOption(option);
    return option.attributeName();
  });
}

/** Adds filters, a repeatable `--unique-id`, `--all-scopes` and settings. Returns the names of the filters. */
export function addScopes(command: Command, settings: readonly SettingName[]): string[] {
  const filters = addFilters(command);
  const summary = 'library scope; repeatable (MAVI_UNIQUE_ID; default: "default")';
  const one = new Option('-u, --unique-id <id>', summary).helpGroup('Settings:');
  const all = new Option('--all-scopes', 'list every scope of the account').helpGroup('Filters:');
  const read = (text: string): unknown => readSetting('uniqueId', { source: 'flag', text });
  command.addOption(one.argParser((text, earlier: unknown[] = []) => [...earlier, read(text)]));
  command.addOption(all.conflicts('uniqueId'));
  const others = settings.filter((name) => name !== 'uniqueId');
  addSettings(command, others);
  return filters;
}

/** What the flags of addFilters and addScopes mean. */
export function queryOf(flags: Flags): LibraryQuery {
  const scopes = Array.isArray(flags.uniqueId) ? (flags.uniqueId as string[]) : [];
  return {
    scopes: flags.allScopes === true ? 'all' : scopes,
    filters: {
      video_name: flags.name,
      status: flags.status,
      tag: flags.tag,
      camera_model: flags.camera,
      datetime_taken: flags.takenAfter,
      folder_id: flags.folder,
      ...(flags.near as Coordinates | undefined),
    },
    patterns: (flags.match as string[] | undefined) ?? [],
    limit: typeof flags.limit === 'number' ? flags.limit : Number.POSITIVE_INFINITY,
  };
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
  const hint = `or a status of the API: ${STATUSES.join(', ')}`;
  throw new UsageError(`--status takes ready, pending or failed, not '${text}'`, { hint });
}

/** A date as milliseconds since the epoch; a date without a time is midnight in UTC. */
function dateMs(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It takes a date, such as 2025-06-01.');
  return ms;
}

type Coordinates = Readonly<Record<'latitude' | 'longitude', number>>;

function coordinates(text: string): Coordinates {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [latitude = Number.NaN, longitude = Number.NaN] = parts;
  if (parts.length !== 2 || !(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) {
    throw new InvalidArgumentError('It takes latitude and longitude, such as 48.2,16.37.');
  }
  return { latitude, longitude };
}

function folderId(text: string): string {
  if (/^-?\d{1,19}$/.test(text)) return text;
  throw new InvalidArgumentError('It takes the ID of a folder: a whole number.');
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It takes a whole number above 0.');
  return Number(text);
}

/** Adds the flags about verification. */
export function addChecks(command: Command): void {
  const level = new Option('--verify <level>', 'verify this much of a video');
  const container = new Option('--container <kind>', 'accept MP4 only, or Matroska, AVI, MPEG-TS … too');
  command.addOption(level.choices(['full', 'ftyp', 'none']).default('full'));
  command.addOption(container.choices(['mp4', 'any']).default('mp4'));
  command.option('--deep', 'check the media itself too, of H.264 and H.265 video');
}

/** What the flags of addChecks say. */
export function checksOf(flags: Flags): CheckRules {
  const { verify: level, container, deep = false } = flags as { verify: Level } & Omit<CheckRules, 'level'>;
  if (deep && level !== 'full') {
    const hint = 'the media is checked by its sample tables: omit one of the two';
    throw new UsageError(`--deep can't be combined with --verify ${level}`, { hint });
  }
  return { level, container, deep };
}

/** Adds the flags about verification, `others`, the limits on what a run receives, and the flags about output. */
export function addRunFlags(command: Command, ...others: Option[]): void {
  addChecks(command);
  for (const option of others) command.addOption(option);
  const progress = new Option('--progress <mode>', 'show progress as bars, as plain lines or not at all');
  command
    .option('--max-transfer <bytes>', 'stop before more is received, such as 20G', transferLimit)
    .option('--max-cost <dollars>', `stop before it costs more, at $${DOLLARS_PER_GB} a GB`, costLimit)
    .option('--json', 'print a JSON record of each video to standard output')
    .addOption(progress.choices(['auto', 'bar', 'plain', 'none']).default('auto'))
    .option('-q, --quiet', 'print errors only')
    .option(...VERBOSE);
}

/** What the flags say that `download` and `sync` have in common; `checksum` as in the rules. */
export function runPlanOf(flags: Flags, checksum: boolean): RunPlan {
  const limits = [flags.maxTransfer, flags.maxCost].filter((limit) => limit !== undefined) as TransferLimit[];
  return {
    dryRun: flags.dryRun === true,
    json: flags.json === true,
    maxTransfer: limits.sort((a, b) => a.bytes - b.bytes)[0] ?? null,
    mtime: flags.mtime === true,
    progress: flags.progress as ProgressMode,
    quiet: flags.quiet === true,
    rules: { ...checksOf(flags), checksum },
    settings: settingTexts(flags),
    skipRecorded: flags.skipRecorded === true,
    verbose: flags.verbose === true,
  };
}

function transferLimit(text: string): TransferLimit {
  return { bytes: readValue('--max-transfer', text, byteSize), flag: '--max-transfer' };
}

function costLimit(text: string): TransferLimit {
  const [, dollars = ''] = /^\$?(\d{1,9}(?:\.\d+)?)$/.exec(text) ?? [];
  const bytes = Math.floor((Number(dollars) / DOLLARS_PER_GB) * 1e9);
  if (bytes === 0) throw new UsageError(`--max-cost takes dollars, such as 5 or 0.50, not '${text}'`);
  return { bytes, flag: `--max-cost $${dollars}` };
}

/** The flag that names files. */
export function nameTemplateOption(): Option {
  return new Option('--name-template <text>', "name files, such as '{create_date}/{video_name}'");
}

/** What `--name-template` takes, for the end of a command's help. */
export const NAME_TEMPLATES = `
Name templates take {video_no}, {video_name}, {create_date}, {taken_date} and
{tag}; / makes subfolders.
`;
