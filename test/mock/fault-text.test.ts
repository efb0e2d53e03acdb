import { describe, expect, it } from 'vitest';
import { faultOffset } from '../../src/mock/fault-transfers.ts';
import { FAULTS, parseFaults } from '../../src/mock/faults.ts';

const ALWAYS = Number.POSITIVE_INFINITY;
const fault = (name: string, times = ALWAYS, offsetBytes?: number, value?: string) =>
  expect.objectContaining({ name, times, offsetBytes, value });

describe('a fault text', () => {
  it.each([
    ['', []],
    ['drop', [fault('drop')]],
    ['drop@0', [fault('drop', ALWAYS, 0)]],
    ['drop@-1', [fault('drop', ALWAYS, -1)]],
    ['drop@1000x3', [fault('drop', 3, 1000)]],
    ['rate-limit-429', [fault('rate-limit-429')]],
    ['rate-limit-429x2', [fault('rate-limit-429', 2)]],
    ['rate-limit-429=2', [fault('rate-limit-429', ALWAYS, undefined, '2')]],
    ['rate-limit-429=date+2x1', [fault('rate-limit-429', 1, undefined, 'date+2')]],
    ['trickle=3@7x1', [fault('trickle', 1, 7, '3')]],
    [
      'drop@100x1, rate-limitx1 ,redirect',
      [fault('drop', 1, 100), fault('rate-limit', 1), fault('redirect')],
    ],
  ])('"%s" is parsed', (text, faults) => {
    expect(parseFaults(text)).toEqual(faults);
  });

  it.each([
    ['drpo', /unknown fault 'drpo'/],
    ['constructor', /unknown fault 'constructor'/],
    ['drop@', /'drop@' is not a fault/],
    ['drop@1.5', /'drop@1\.5' is not a fault/],
    ['drop@5@6', /is not a fault/],
    ['drop,,stall', /'' is not a fault/],
    ['dropx0', /applies to no request/],
    ['drop,stall', /'drop' applies to every request.*dropx1$/],
  ])('"%s" is refused with the reason', (text, reason) => {
    expect(() => parseFaults(text)).toThrow(reason);
    expect(() => parseFaults(text)).toThrow(SyntaxError);
  });

  it.each(Object.keys(FAULTS))('may name %s, with and without a count', (name) => {
    expect(parseFaults(name)).toEqual([fault(name)]);
    expect(parseFaults(`${name}@12x34`)).toEqual([fault(name, 34, 12)]);
  });

  it.each([
    ['drop', 50],
    ['drop@7', 7],
    ['drop@0', 0],
    ['drop@-1', 100],
    ['drop@9999', 101],
    ['drop@-9999', 0],
  ])('"%s" happens in a body of 101 bytes at byte %i', (text, offset) => {
    expect(parseFaults(text).map((parsed) => faultOffset(parsed.offsetBytes, 101))).toEqual([offset]);
  });
});
