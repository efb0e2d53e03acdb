import { FAULTS, type FaultName, isFaultName } from './faults.ts';

/** One link of a chain of faults. */
export interface Fault {
  readonly name: FaultName;
  readonly value: string | undefined;
  /** Bytes of the body; negative ones count from its end. */
  readonly offsetBytes: number | undefined;
  /** How many requests it is applied to; `Infinity` where the text does not say. */
  readonly times: number;
  /** As written. */
  readonly text: string;
}

const GRAMMAR = /^(?<name>[a-z0-9-]+?)(?:=(?<value>[^@=,]+?))?(?:@(?<offset>-?\d+))?(?:x(?<times>\d+))?$/;

/**
 * Reads a fault text: `name[=value][@offset][xN]`, chained by commas. An empty text is no fault.
 * @throws SyntaxError that says what is wrong and what would be right
 */
export function parseFaults(text: string): readonly Fault[] {
  if (text.trim() === '') return [];
  const faults = text.split(',').map((part) => parseFault(part.trim()));
  const endless = faults.findIndex((fault) => fault.times === Number.POSITIVE_INFINITY);
  if (endless !== -1 && endless < faults.length - 1) {
    throw new SyntaxError(
      `Nothing can follow "${faults[endless]?.text}", for it never ends: add how often, as in "${faults[endless]?.text}x1"`,
    );
  }
  return faults;
}

function parseFault(text: string): Fault {
  const { name, value, offset, times } = GRAMMAR.exec(text)?.groups ?? {};
  if (name === undefined) {
    throw new SyntaxError(`"${text}" is no fault: write name[=value][@offset][xN], as in "drop@1000x3"`);
  }
  if (!isFaultName(name)) {
    throw new SyntaxError(`There is no fault "${name}"; there are: ${Object.keys(FAULTS).join(', ')}`);
  }
  if (times !== undefined && Number(times) === 0)
    throw new SyntaxError(`"${text}" would never happen: x1 or more`);
  return {
    name,
    value,
    offsetBytes: offset === undefined ? undefined : Number(offset),
    times: times === undefined ? Number.POSITIVE_INFINITY : Number(times),
    text,
  };
}

/** Where in a body of `sizeBytes` a fault happens: by default half-way. */
export function faultOffset(fault: Fault, sizeBytes: number): number {
  const { offsetBytes } = fault;
  if (offsetBytes === undefined) return Math.floor(sizeBytes / 2);
  const fromStart = offsetBytes < 0 ? sizeBytes + offsetBytes : offsetBytes;
  return Math.min(sizeBytes, Math.max(0, fromStart));
}
