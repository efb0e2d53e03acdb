/** The kinds of errors with their exit codes, and what an error of the file system means. Pure. */
import { printable, redactKeys } from './sanitize.ts';

/** The exit codes of the command, the same table that README.md and `mavi help exit-codes` print. */
export const EXIT_CODES = {
  0: 'all done',
  1: 'unexpected error; or several videos failed in different ways',
  2: 'usage: bad flag, argument or setting',
  3: 'key missing or refused; account disabled; no credits',
  4: 'refused by the API: unknown video, wrong scope or another final error',
  5: 'the download is not a complete, matching video',
  6: 'network: DNS, TLS, connection, timeout, stall, HTTP 5xx, after all retries',
  7: 'local: file exists, no permission, disk full, bad folder',
  8: 'still rate-limited after all retries',
  9: 'stopped by --max-transfer or --max-cost before all was done',
  129: 'ended by SIGHUP',
  130: 'ended by SIGINT',
  141: 'the reader closed the pipe',
  143: 'ended by SIGTERM',
} as const;

/** One of the documented exit codes. */
export type ExitCode = keyof typeof EXIT_CODES;

/** What an error says besides its message. */
interface ErrorFacts {
  /** What to do next, a sentence or a command; empty when there is nothing to advise. */
  hint?: string;
  /** Whether the same command may succeed later. Default false. */
  retryable?: boolean;
  cause?: unknown;
  /** How long the server asked to wait, in milliseconds; null when it did not. */
  retryAfterMs?: number | null | undefined;
}

/** An expected failure. No control characters and keys of message and hint get past here. */
export class MaviError extends Error {
  readonly exitCode: ExitCode;
  /** The API's own code, or a short stable word. */
  readonly code: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;

  constructor(exitCode: ExitCode, code: string, message: string, facts: ErrorFacts = {}) {
    super(redactKeys(printable(message)), facts.cause === undefined ? {} : { cause: facts.cause });
    this.name = new.target.name;
    this.exitCode = exitCode;
    this.code = code;
    this.hint = redactKeys(printable(facts.hint ?? ''));
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/** The base of failures that share an exit code. */
function failure(exitCode: ExitCode, defaults: ErrorFacts = {}) {
  return class extends MaviError {
    constructor(code: string, message: string, facts?: ErrorFacts) {
      super(exitCode, code, message, { ...defaults, ...facts });
    }
  };
}

/** A bad flag, argument or setting. */
export class UsageError extends MaviError {
  constructor(message: string, facts?: ErrorFacts) {
    super(2, 'usage', message, facts);
  }
}

/** The key is missing or refused, the account disabled or without credits: final for the run. */
export class AccountError extends failure(3) {}

/** A final response of the API. */
export class RefusedError extends failure(4) {}
/** The download is not a complete, matching video. */
export class BodyError extends failure(5) {}
/** The network, or the server behind it, failed. */
export class NetworkError extends failure(6, { retryable: true }) {}
/** The local side failed: a file, a folder, the disk. */
export class LocalError extends failure(7) {}
/** The account's rate limit was reached. */
export class RateLimitError extends failure(8, { retryable: true }) {}
/** The server asks for a longer pause than a run waits for: final for the run. */
export class PauseError extends RateLimitError {}

/** A body of `lengthBytes` that ended cleanly but is incomplete. */
export class TruncatedError extends BodyError {
  readonly lengthBytes: number;

  constructor(message: string, lengthBytes: number, hint = TRUNCATED_HINT) {
    super('truncated', message, { retryable: true, hint });
    this.lengthBytes = lengthBytes;
  }
}

const TRUNCATED_HINT =
  'the server ended the response early; if this happens again, the original itself may be truncated: --verify ftyp downloads it as it is';

/** Whether the failure of one video ends the run. */
export function endsRun(error: unknown): error is AccountError | PauseError {
  return error instanceof AccountError || error instanceof PauseError;
}

/** A video was not started, or was stopped, because it would exceed `--max-transfer` or `--max-cost`. */
export class BudgetError extends failure(9) {}

/** The exit codes of the signals that end a run. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** One of the signals that end a run. */
export type EndingSignal = keyof typeof SIGNAL_EXIT_CODES;

/** The run was ended by a signal. */
export class Interrupted extends MaviError {
  constructor(signal: EndingSignal) {
    super(SIGNAL_EXIT_CODES[signal], 'interrupted', `ended by ${signal}`, { retryable: true });
  }
}

/** The reader of standard output, or of a FIFO, went away: ends silently. */
export class ClosedPipe extends MaviError {
  constructor() {
    super(141, 'closed_pipe', 'the reader closed the pipe');
  }
}

/** The exit code for anything thrown. */
export function exitCodeFor(error: unknown): ExitCode {
  return error instanceof MaviError ? error.exitCode : 1;
}

/** The exit code for many outcomes: 0 if all are 0, the failures' own if they agree, else 1. */
export function mergeExitCodes(codes: Iterable<ExitCode>): ExitCode {
  const failures = new Set(codes);
  failures.delete(0);
  const [first = 0] = failures;
  return failures.size > 1 ? 1 : first;
}

const AGAIN = 'then run the command again';

/** By the code of a system error, or by what failed and that code. */
const MEANINGS: Readonly<Record<string, readonly [code: string, meaning: string, hint: string]>> = {
  ENOSPC: ['disk_full', 'the disk is full', `free some space or inodes (df -h, df -i), ${AGAIN}`],
  EDQUOT: ['disk_full', 'the disk quota is used up', `free some space, ${AGAIN}`],
  EFBIG: ['too_big', 'the file exceeds a size limit', 'check ulimit -f and what the file system allows'],
  EACCES: ['no_permission', 'permission denied', 'choose another place'],
  EPERM: ['no_permission', 'operation not permitted', 'choose another place'],
  EROFS: ['read_only', 'the file system is read-only', 'choose another place'],
  EIO: ['io_error', 'input/output error', 'check the disk'],
  ESTALE: ['io_error', 'the network file system lost it', `check the mount, ${AGAIN}`],
  ENOENT: ['missing', 'no such file or folder', 'check the path'],
  ENOTDIR: ['bad_folder', 'part of the path is not a folder', 'check the path'],
  EISDIR: ['is_directory', 'it is a folder', 'name a file in it'],
  ELOOP: ['bad_target', 'too many symbolic links', 'check the path'],
  ENAMETOOLONG: ['bad_target', 'the name is too long', 'choose a shorter name'],
  EEXIST: ['exists', 'it already exists', 'replace it with --force, or keep it with --skip-existing'],
  EMFILE: ['too_many_files', 'too many open files', 'lower --concurrency, or raise ulimit -n'],
  ENFILE: ['too_many_files', 'too many open files on this machine', 'lower --concurrency'],
  EBUSY: ['busy', 'another program is using it', `close that program, ${AGAIN}`],
  EXDEV: ['bad_target', 'it is on another file system', 'choose another place'],
  // A file to read has no other place.
  'read EACCES': ['no_permission', 'permission denied', 'check who can read it'],
  'read EPERM': ['no_permission', 'operation not permitted', 'check who can read it'],
  'create the folder EEXIST': ['bad_folder', 'a file has that name', 'choose another folder'],
  // Its parents exist, so the kernel refuses any new name.
  'create the folder ENOENT': ['bad_folder', 'nothing can be created there', 'choose another folder'],
};

type Doing = 'read' | 'write' | 'write to' | 'lock' | 'create the folder';

/** The LocalError for anything that the file system threw about `path`. Rethrows what no system reported. */
export function localError(error: unknown, path: string, doing: Doing = 'write'): MaviError {
  if (error instanceof MaviError) return error;
  const code = codeOf(error);
  if (!(error instanceof Error) || code === '') throw error;
  const known = MEANINGS[`${doing} ${code}`] ?? MEANINGS[code];
  // The first part of a system error's message is about the failure; the call and the path follow.
  const [name, meaning, hint] = known ?? ['local', error.message.split(', ')[0], 'check the path'];
  return new LocalError(name, `cannot ${doing} ${path}: ${meaning}`, { hint, cause: error });
}

/** The code of a system error, such as ENOENT; empty for anything else. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}
