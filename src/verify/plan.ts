/** What `mavi verify` was asked to do: checked values, no flags. */
import type { CheckRules } from '../download/sniff.ts';

/** A checked verification. */
export interface VerifyPlan {
  /** Files, and folders with a manifest; empty for all that `manifest` records. */
  readonly files: readonly string[];
  readonly manifest: string | null;
  readonly rules: CheckRules;
  readonly json: boolean;
}
