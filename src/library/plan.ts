/** What a command asks of the library: checked values, no flags. */
import type { SettingTexts } from '../settings/settings.ts';

/** Which videos of the library are meant. */
export interface LibraryQuery {
  /** The scopes to list, in this order; empty for the one in the settings. */
  readonly scopes: readonly string[] | 'all';
  /** What the API filters by, under its own names; `folder_id` is a text of digits. */
  readonly filters: Readonly<Record<string, unknown>>;
  /** A video is meant if its name matches any of these patterns; empty for all names. */
  readonly patterns: readonly string[];
  /** The most videos, newest first; Infinity for all. */
  readonly limit: number;
}

/** What `mavi list` was asked to do. */
export interface ListPlan {
  readonly what: 'videos' | 'scopes' | 'folders';
  readonly form: 'table' | 'json' | 'ids';
  readonly query: LibraryQuery;
  readonly verbose: boolean;
  readonly settings: SettingTexts;
}
