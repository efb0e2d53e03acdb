import { BARE_NODE, CURL_TEE_HASH, CURL_THEN_HASH, NODE_TO_NOTHING, XARGS } from './contenders.ts';
import type { CaseResult, Measurement } from './rounds.ts';
import { median } from './statistics.ts';

/** A target for `mavi`: its ratio to another command of the same case and round. */
export interface Target {
  readonly caseId: string;
  /** The command that is judged: the name of a contender. */
  readonly name: string;
  readonly against: string;
  readonly measure: 'seconds' | 'peakBytes';
  readonly atMost: number;
  /** Why it may be missed. */
  readonly why: string;
}

/** A target and its measurements. */
export interface Judgement {
  readonly target: Target;
  /** Round by round. */
  readonly ratios: readonly number[];
  readonly median: number;
  /** Null if the server was too slow to judge. */
  readonly met: boolean | null;
  /** Seconds of the other command per CPU second of the server; the median. */
  readonly serverLead: number;
  /** The same ratio for the bare Node client; null if it did not run or does less than the other command. */
  readonly bareNode: number | null;
}

/** The most memory that a download of any size may take. */
export const MOST_PEAK_BYTES = 150_000_000;

/** How much faster the server has to be than the client; otherwise the server is what is measured. */
export const LEAST_SERVER_LEAD = 1.5;

const NODES_HTTP = `most of it is Node's own TLS and HTTP: compare "${NODE_TO_NOTHING}" below`;
const NODES_START = 'starting Node, loading https and loading got take longer than the tool that is compared';
const START_ADDED = 'starting Node and loading https and got come on top of the paced transfer';
const SHARED_CORES = 'what is sent is hashed too, and the reader shares the cores with nginx and `mavi`';
const PARSED_CHUNKS = "each chunk is an object of Node's parser, for which the heap grows";
const HASHED = 'the hash runs on the thread that receives';

const TARGETS: readonly Target[] = [
  target('file-https-1g', 'mavi', 'curl', 1.45, NODES_HTTP),
  target('file-https-1g', 'mavi', 'Python', 1, NODES_HTTP),
  target('pipe', 'mavi, pipe', 'mavi, file', 1.1, SHARED_CORES),
  target('pipe-checksum', 'mavi --checksum', CURL_TEE_HASH, 1, SHARED_CORES),
  target('checksum-paced', 'mavi --checksum', 'curl', 1.05, START_ADDED),
  target('checksum-paced', 'mavi --checksum', CURL_THEN_HASH, 0.8, START_ADDED),
  target('checksum', 'mavi --checksum', CURL_THEN_HASH, 1, HASHED),
  target('small', 'mavi', XARGS, 1, NODES_START),
  target('file-https-100k', 'mavi', 'Python', 1, NODES_START),
  { ...target('chunks', 'mavi, one byte', 'mavi, 64 KiB', 1.2, PARSED_CHUNKS), measure: 'peakBytes' },
  { ...target('memory', 'mavi, 6 GiB', 'mavi, 1 GiB', 1.1, PARSED_CHUNKS), measure: 'peakBytes' },
];

/** Compares the results with the targets of the cases that ran. */
export function judge(results: readonly CaseResult[]): Judgement[] {
  return TARGETS.flatMap((each) => {
    const result = results.find(({ test }) => test.id === each.caseId);
    return result === undefined ? [] : [judgement(each, result)];
  });
}

/** The highest memory peak of all downloads by `mavi`, in bytes; null if there were none. */
export function highestPeak(results: readonly CaseResult[]): number | null {
  const peaks = results
    .filter(({ test }) => test.id === 'memory')
    .flatMap(({ measurements }) => [...measurements.values()].flat().map(({ peakBytes }) => peakBytes));
  return peaks.length === 0 ? null : Math.max(...peaks);
}

function judgement(each: Target, { measurements }: CaseResult): Judgement {
  const ratiosOf = (name: string): readonly number[] => {
    const values = (contender: string): readonly number[] =>
      (measurements.get(contender) ?? []).map((measured: Measurement) => measured[each.measure]);
    const others = values(each.against);
    return values(name).map((value, round) => value / (others[round] ?? Number.NaN));
  };
  const ratios = ratiosOf(each.name);
  const middle = median(ratios);
  const least = [BARE_NODE, NODE_TO_NOTHING].find((name) => measurements.has(name));
  const bareNode = least === undefined ? null : median(ratiosOf(least));
  const serverLead = median(
    (measurements.get(each.against) ?? []).map(({ seconds, serverCpuSeconds }) => seconds / serverCpuSeconds),
  );
  const isFair = each.measure !== 'seconds' || serverLead >= LEAST_SERVER_LEAD;
  return {
    target: each,
    ratios,
    median: middle,
    met: isFair ? middle <= each.atMost : null,
    serverLead,
    bareNode,
  };
}

function target(caseId: string, name: string, against: string, atMost: number, why: string): Target {
  return { caseId, name, against, measure: 'seconds', atMost, why };
}
