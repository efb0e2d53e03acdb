import { accountLimit } from './account.ts';
import { type FaultPlan, faultPlan } from './fault-plan.ts';
import { MOCK_KEY } from './key.ts';
import { libraryOf, type VideoLibrary } from './library.ts';
import type { MockOptions } from './options.ts';
import { sampleLibrary } from './samples.ts';

/** The options settled: what the routes work with. */
export interface Service {
  readonly key: string;
  readonly library: VideoLibrary;
  /** Scopes that listings have brought into being. */
  readonly madeUniqueIds: Set<string>;
  readonly faults: FaultPlan;
  readonly listFaults: FaultPlan;
  /** Takes one start from the account's allowance; false if there is none left. */
  readonly mayStart: (nowMs: number) => boolean;
  readonly numbersAsStrings: boolean;
  readonly pageSizeCap: number;
  readonly withoutScopesRoute: MockOptions['withoutScopesRoute'];
}

const PAGE_SIZE_CAP = 200;

/**
 * Settles the options.
 * @throws SyntaxError where a fault text is none
 */
export async function createService(options: MockOptions): Promise<Service> {
  const { accountLimit: limit, videos } = options;
  return {
    key: options.key ?? MOCK_KEY,
    library: videos === undefined ? await sampleLibrary() : 'count' in videos ? videos : libraryOf(videos),
    madeUniqueIds: new Set(),
    faults: faultPlan(options.faults),
    listFaults: faultPlan(options.listFaults),
    mayStart: limit ? accountLimit(limit.starts, limit.windowMs) : () => true,
    numbersAsStrings: options.numbersAsStrings ?? false,
    pageSizeCap: Math.min(options.pageSizeCap ?? PAGE_SIZE_CAP, PAGE_SIZE_CAP),
    withoutScopesRoute: options.withoutScopesRoute,
  };
}
