/** `mavi verify`: flags to a checked plan. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { VerifyPlan } from '../verify/run.ts';
import { type CommandContext, type Flags, subcommand } from './command.ts';
import { addChecks, checksOf } from './flags.ts';

/** Adds the command. */
export function addVerify(program: Command, { host, run }: CommandContext): void {
  const command = subcommand(program, 'verify', 'check files on disk, by content and by manifest', [
    ['mavi verify video.mp4', 'is it a complete MP4?'],
    ['mavi verify library', 'has anything changed since it was synced?'],
  ])
    .argument('[file...]', 'files, or synced folders')
    .option('--manifest <file>', 'compare size and SHA-256 with a manifest')
    .option('--json', 'print a JSON object for each file');
  addChecks(command);
  run(command, async (flags, files) => (await import('./work.ts')).runVerify(verifyPlan(flags, files), host));
}

function verifyPlan(flags: Flags, files: readonly string[]): VerifyPlan {
  const manifest = typeof flags.manifest === 'string' ? flags.manifest : null;
  if (files.length === 0 && manifest === null) {
    const hint = 'name files or a synced folder, or use --manifest <file> for all that it records';
    throw new UsageError('no file named', { hint });
  }
  if (files.includes('') || manifest === '') throw new UsageError('a file name must not be empty');
  return { files, manifest, rules: checksOf(flags), json: flags.json === true };
}
