/** `mavi verify`, from a checked plan to an exit code. */
import { relative } from 'node:path';
import type { VerifyPlan } from '../commands/verify.ts';
import { type CheckedFile, checkFile } from '../download/existing.ts';
import { type FileRecord, type ManifestIndex, readManifest } from '../download/manifest-index.ts';
import { BodyError, type ExitCode, Interrupted } from '../errors.ts';
import { pathFrom, pathKey } from '../folders.ts';
import { abortable, type Host, print } from '../host.ts';
import { bytesText } from '../progress/text.ts';
import { type RecordedError, recordedError } from '../record.ts';
import { printable, safeJson } from '../sanitize.ts';

/** What was found of one file: one line of `--json`. */
interface Finding {
  readonly file: string;
  readonly status: 'ok' | 'failed';
  readonly bytes: number | null;
  readonly brand: string | null;
  /** Lower-case hexadecimal; null where there was nothing to compare it with. */
  readonly sha256: string | null;
  /** Whether the manifest lists it; null without one. */
  readonly listed: boolean | null;
  readonly verified: string | null;
  readonly warnings: readonly string[];
  readonly error: RecordedError | null;
}

/** Checks the files, a line for each on standard output. Answers 5 if any fails. */
export async function runVerify(plan: VerifyPlan, host: Host): Promise<ExitCode> {
  const index =
    plan.manifest === null
      ? null
      : await abortable(readManifest(pathFrom(host.cwd, plan.manifest), plan.manifest), host.interrupt);
  const files =
    plan.files.length > 0
      ? plan.files
      : [...(index?.byPath.values() ?? [])].map(({ path }) => relative(host.cwd, path));
  let failed = false;
  for (const file of files) {
    const finding = await examine(file, plan, index, host);
    failed ||= finding.status === 'failed';
    await print(host, `${plan.json ? safeJson(finding) : lineFor(finding)}\n`);
  }
  return failed ? 5 : 0;
}

async function examine(
  file: string,
  plan: VerifyPlan,
  index: ManifestIndex | null,
  host: Host,
): Promise<Finding> {
  const path = pathFrom(host.cwd, file);
  const record = index?.byPath.get(pathKey(path));
  const listed = index === null ? null : record !== undefined;
  const checksum = record !== undefined && record.sha256 !== null;
  try {
    const checked = await checkFile(path, file, {
      ...plan.rules,
      checksum,
      listedSize: null,
      signal: host.interrupt,
    });
    if (record !== undefined) compare(checked, record);
    const { bytes, brand, sha256, warnings } = checked;
    const verified =
      checked.verified + (record === undefined ? '' : checksum ? ', size and SHA-256' : ', size');
    return { file, status: 'ok', bytes, brand, sha256, listed, verified, warnings, error: null };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return {
      file,
      status: 'failed',
      bytes: null,
      brand: null,
      sha256: null,
      listed,
      verified: null,
      warnings: [],
      error: recordedError(error, host.secrets),
    };
  }
}

function compare(checked: CheckedFile, record: FileRecord): void {
  if (checked.bytes !== record.bytes) {
    throw new BodyError(
      'size_changed',
      `it has ${checked.bytes} bytes, and the manifest records ${record.bytes}`,
    );
  }
  if (record.sha256 !== null && checked.sha256 !== record.sha256) {
    throw new BodyError('sha256_changed', 'its SHA-256 is not the one that the manifest records');
  }
}

function lineFor(finding: Finding): string {
  const name = printable(finding.file);
  if (finding.error !== null) return `${name}: FAILED: ${finding.error.message}`;
  const notes = finding.warnings.map((warning) => `; warning: ${warning}`).join('');
  const unlisted = finding.listed === false ? '; not listed in the manifest' : '';
  return `${name}: OK: ${bytesText(finding.bytes ?? 0)}, ${finding.verified}${unlisted}${notes}`;
}
