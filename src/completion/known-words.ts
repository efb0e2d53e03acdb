import { FAULTS } from '../mock/fault-names.ts';
import { DEFINITIONS } from '../settings/settings.ts';
import type { KnownWords, Word } from './tree.ts';

/** What stands for a name of a setting and for a fault: neither is a closed list of choices to the parser. */
export function knownWords(): KnownWords {
  const settings: readonly Word[] = Object.values(DEFINITIONS).map(({ config, summary }) => ({
    word: config,
    meaning: summary,
  }));
  const faults: readonly Word[] = Object.entries(FAULTS).map(([word, meaning]) => ({ word, meaning }));
  return new Map([
    ['config get name', settings],
    ['config set name', settings],
    ['config unset name', settings],
    ['mock --fault', faults],
  ]);
}
