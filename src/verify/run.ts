/** `mavi verify`, from a checked plan to an exit code. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { checkFile } from '../download/existing.ts';
import { MANIFEST_NAME, type ManifestIndex, readManifest } from '../download/manifest.ts';
import type { CheckRules } from '../download/sniff.ts';
import { BodyError, type ExitCode, Interrupted } from '../errors.ts';
import { pathFrom, pathKey } from '../folders.ts';
import { type Host, print, say } from '../host.ts';
import { bytesText } from '../progress/text.ts';
import { recordedError, type VideoRecord } from '../record.ts';
import { printable, safeJson } from '../sanitize.ts';

/** What `mavi verify` was asked to do. */
export interface VerifyPlan {
  /** Files, and folders with a manifest; empty for all that `manifest` records. */
  readonly files: readonly string[];
  readonly manifest: string | null;
  readonly rules: CheckRules;
  readonly json: boolean;
}

/** What was found of one file: one line of `--json`. */
interface Finding extends Pick<VideoRecord, 'bytes' | 'brand' | 'sha256' | 'warnings' | 'error'> {
  readonly file: string;
  readonly status: 'ok' | 'failed';
  /** Whether the manifest lists it; null without one. */
  readonly listed: boolean | null;
  readonly verified: string | null;
}

/** The codes of files that are something else, with hints about that. */
const NOT_MP4 = new Set(['not_mp4', 'not_video']);
const DOWNLOAD_AGAIN = 'download it again with: mavi download --force';

/** A file to check, as the user named it, and the manifest that may list it. */
type Subject = readonly [file: string, index: ManifestIndex | null];

/** Checks the files and prints a line for each on standard output. Returns 5 if any fails. */
export async function runVerify(plan: VerifyPlan, host: Host): Promise<ExitCode> {
  let failed = false;
  let count = 0;
  for await (const [file, index] of subjects(plan, host)) {
    const finding = await examine(file, index, plan.rules, host);
    failed ||= finding.status === 'failed';
    count += 1;
    await print(host, `${plan.json ? safeJson(finding) : lineFor(finding)}\n`);
  }
  if (count === 0) say(host, 'mavi: nothing to verify: the manifest records no files');
  return failed ? 5 : 0;
}

/** The files of the plan; in place of a folder, those that the plan's manifest, or its own, records in it. */
async function* subjects({ files, manifest }: VerifyPlan, host: Host): AsyncGenerator<Subject> {
  const index = manifest === null ? null : await readManifest(manifest, host, 'named');
  if (files.length === 0 && index !== null) yield* recordedFiles(index, '', host);
  for (const file of files) {
    const own = pathFrom(file, MANIFEST_NAME);
    const isFolder = (await statOf(file, host))?.isDirectory() === true;
    const hasOwn = index === null && isFolder && (await statOf(own, host)) !== null;
    const folderIndex = hasOwn ? await readManifest(own, host, 'named') : index;
    if (isFolder && folderIndex !== null) yield* recordedFiles(folderIndex, file, host);
    else yield [file, index];
  }
}

/** The recorded files in a folder, or everywhere for an empty name. */
async function* recordedFiles(index: ManifestIndex, folder: string, host: Host): AsyncGenerator<Subject> {
  const prefix = folder === '' ? '' : `${pathKey(pathFrom(host.cwd, folder))}${sep}`;
  for (const [key, { videoNo, path }] of index.byPath) {
    if (!key.startsWith(prefix)) continue;
    const file = relative(host.cwd, path);
    // A video that was recorded elsewhere since was moved: its old file may be gone.
    const isLast = index.byVideoNo.get(videoNo)?.path === path;
    if (isLast || (await statOf(file, host)) !== null) yield [file, index];
  }
}

function statOf(file: string, host: Host): Promise<Stats | null> {
  return stat(pathFrom(host.cwd, file)).catch(() => null);
}

async function examine(
  file: string,
  index: ManifestIndex | null,
  rules: CheckRules,
  host: Host,
): Promise<Finding> {
  const path = pathFrom(host.cwd, file);
  const record = index?.byPath.get(pathKey(path));
  const listed = index === null ? null : record !== undefined;
  const hasChecksum = typeof record?.sha256 === 'string';
  try {
    const checked = await checkFile(path, file, {
      ...rules,
      // What is recorded was accepted once.
      container: record === undefined ? rules.container : 'any',
      checksum: hasChecksum,
      listedSize: null,
      listedDuration: record?.duration ?? null,
      recordedSize: record?.bytes,
      signal: host.interrupt,
    });
    if (record === undefined) return { file, status: 'ok', listed, ...checked, error: null };
    if (checked.bytes !== record.bytes) {
      throw new BodyError('size_changed', `${checked.bytes} bytes, but the manifest records ${record.bytes}`);
    }
    if (hasChecksum && checked.sha256 !== record.sha256) {
      throw new BodyError('sha256_changed', 'its SHA-256 differs from the recorded one');
    }
    const verified = `${checked.verified}, size${hasChecksum ? ' and SHA-256' : ''}`;
    return { file, status: 'ok', listed, ...checked, verified, error: null };
  } catch (thrown) {
    if (thrown instanceof Interrupted) throw thrown;
    const nothing = { bytes: null, brand: null, sha256: null, verified: null, warnings: [] };
    const error = { ...recordedError(thrown, host.secrets), retryable: false };
    // The hints of a download are about the server.
    if (thrown instanceof BodyError && !NOT_MP4.has(thrown.code)) error.hint = DOWNLOAD_AGAIN;
    return { file, status: 'failed', listed, ...nothing, error };
  }
}

function lineFor({ file, error, warnings, listed, bytes, verified }: Finding): string {
  const name = printable(file);
  if (error !== null) {
    const toName = `it is a folder without ${MANIFEST_NAME}; name the files in it`;
    const why = error.code === 'is_directory' ? toName : error.message;
    // The line begins with the name already.
    return `${name}: FAILED: ${why.replace(`cannot read ${name}: `, '')}`;
  }
  const notes = warnings.map((warning) => `; warning: ${warning}`).join('');
  const unlisted = listed === false ? '; not listed in the manifest' : '';
  return `${name}: OK: ${bytesText(bytes ?? 0)}, ${verified}${unlisted}${notes}`;
}
