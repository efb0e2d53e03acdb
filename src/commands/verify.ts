/** `mavi verify`: flags to a checked plan. */
import type { Command } from 'commander';
import type { CheckRules } from '../download/sniff.ts';
import { UsageError } from '../errors.ts';
import { addEnd, type CommandContext, subcommand } from './command.ts';
import { addChecks, checksOf } from './download.ts';

/** What `mavi verify` was asked to do. */
export interface VerifyPlan {
  /** Empty: all that the manifest records. */
  readonly files: readonly string[];
  readonly manifest: string | null;
  readonly rules: CheckRules;
  readonly json: boolean;
}

/** Adds the command. */
export function addVerify(program: Command, context: CommandContext): void {
  const command = subcommand(
    program,
    'verify',
    'check files on disk: complete mp4? with a manifest, the right bytes?',
  )
    .argument('[file...]', 'the files; without any, all that the manifest records')
    .option('--manifest <file>', 'compare size and SHA-256 with the records of a manifest')
    .option('--json', 'one JSON object a file');
  addChecks(command);
  addEnd(command, [
    ['mavi verify video.mp4', 'is it a whole mp4?'],
    [
      'mavi verify --manifest library/mavi-manifest.ndjson',
      'has anything in the folder changed since it was downloaded?',
    ],
  ]);
  command.action((files: string[], flags: Record<string, unknown>) =>
    context.run(async () =>
      (await import('../verify/run.ts')).runVerify(verifyPlan(files, flags), context.host),
    ),
  );
}

function verifyPlan(files: readonly string[], flags: Record<string, unknown>): VerifyPlan {
  const manifest = typeof flags.manifest === 'string' ? flags.manifest : null;
  if (files.length === 0 && manifest === null) {
    throw new UsageError('no file named', {
      hint: 'give files, or --manifest <file> for all that it records',
    });
  }
  return { files, manifest, rules: checksOf(flags), json: flags.json === true };
}
