import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, BoxReader, type ChainState } from '../../src/isobmff/boxes.ts';
import { box, bytes, cutAt, largeBox, oneByOne, openBox, uint32, uint64 } from './bytes.ts';

const UUID = new Uint8Array(16).fill(0xab);

/** Collects the headers; `wanted` types have their payloads read. */
class Collector extends BoxReader {
  readonly boxes: Box[] = [];
  readonly #wanted: readonly string[];
  constructor(...wanted: readonly string[]) {
    super();
    this.#wanted = wanted;
  }
  protected override onHeader(box: Box): boolean {
    this.boxes.push(box);
    return this.#wanted.includes(box.type);
  }
  protected override onPayload(): void {}
}

function read(...chunks: readonly Uint8Array[]): { boxes: Box[]; state: ChainState } {
  const reader = new Collector();
  for (const chunk of chunks) reader.push(chunk);
  return { boxes: reader.boxes, state: reader.state };
}

const edge = expect.objectContaining({ kind: 'boxes', missing: 0 }) as ChainState;

describe('a chain of boxes', () => {
  it('is at an edge before its first byte', () => {
    const start = { kind: 'boxes', missing: 0, inHeader: false, start: 0, type: '' };
    expect(read()).toEqual({ boxes: [], state: start });
    expect(read(new Uint8Array(0))).toEqual({ boxes: [], state: edge });
  });

  it('may have boxes of 32-bit sizes, the smallest of 8 bytes', () => {
    expect(read(bytes(box('ftyp', 'isom'), box('free'), box('mdat', [1, 2, 3])))).toEqual({
      boxes: [
        { type: 'ftyp', start: 0, end: 12 },
        { type: 'free', start: 12, end: 20 },
        { type: 'mdat', start: 20, end: 31 },
      ],
      state: edge,
    });
  });

  it('may have boxes of 64-bit sizes, the smallest of 16 bytes', () => {
    expect(read(bytes(largeBox('mdat'), largeBox('mdat', [1]), box('free')))).toEqual({
      boxes: [
        { type: 'mdat', start: 0, end: 16 },
        { type: 'mdat', start: 16, end: 33 },
        { type: 'free', start: 33, end: 41 },
      ],
      state: edge,
    });
  });

  it('reads all 64 bits of a size, and all 32', () => {
    const wide = bytes(uint32(1), 'mdat', uint64(0x0001_0203_0405_0607n));
    expect(read(wide)).toEqual({
      boxes: [{ type: 'mdat', start: 0, end: 0x0001_0203_0405_0607 }],
      state: { kind: 'boxes', missing: 0x0001_0203_0405_0607 - 16, inHeader: false, start: 0, type: 'mdat' },
    });
    expect(read(bytes(uint32(0xfedc_ba98), 'mdat')).state).toEqual({
      kind: 'boxes',
      missing: 0xfedc_ba98 - 8,
      inHeader: false,
      start: 0,
      type: 'mdat',
    });
  });

  it('accepts the largest size that a number can hold exactly', () => {
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    expect(read(bytes(uint32(1), 'mdat', uint64(most))).boxes).toEqual([
      { type: 'mdat', start: 0, end: Number.MAX_SAFE_INTEGER },
    ]);
  });

  it('may end in a box that reaches to the end of the file', () => {
    const { boxes, state } = read(bytes(box('ftyp'), openBox('mdat', 'anything at all')));
    expect(boxes[1]).toEqual({
      type: 'mdat',
      start: 8,
      end: Number.POSITIVE_INFINITY,
    });
    expect(state).toEqual({ kind: 'to-the-end' });
  });

  it.each([
    ['32-bit', box('uuid', UUID), 24],
    ['64-bit', largeBox('uuid', UUID), 32],
    ['to the end', openBox('uuid', UUID), Number.POSITIVE_INFINITY],
  ])('accepts a uuid box with nothing but its user type (%s)', (_form, uuid, end) => {
    expect(read(uuid).boxes).toEqual([{ type: 'uuid', start: 0, end }]);
  });

  it('accepts any four printable characters as a type', () => {
    const types = ['    ', '~~~~', 'a b!', '0000'];
    expect(read(bytes(...types.map((type) => box(type)))).boxes.map((each) => each.type)).toEqual(types);
  });

  it('reports how much of the last box is missing', () => {
    expect(read(box('mdat', 'twelve bytes').subarray(0, 15)).state).toMatchObject({
      kind: 'boxes',
      missing: 5,
      type: 'mdat',
    });
  });

  it('reports how much of a 64-bit size is missing', () => {
    const header = largeBox('mdat');
    expect(read(header.subarray(0, 8)).state).toMatchObject({ kind: 'boxes', missing: 8, type: 'mdat' });
    expect(read(header.subarray(0, 15)).state).toMatchObject({ kind: 'boxes', missing: 1, type: 'mdat' });
    expect(read(header.subarray(0, 15)).boxes).toEqual([]);
  });
});

describe('what cannot be a box', () => {
  it.each([2, 3, 4, 5, 6, 7])('is malformed with a size of %i, less than its own header', (size) => {
    expect(read(bytes(box('ftyp'), uint32(size), 'mdat'))).toEqual({
      boxes: [{ type: 'ftyp', start: 0, end: 8 }],
      state: {
        kind: 'malformed',
        start: 8,
        type: 'mdat',
        reason: `box 'mdat' claims a size of ${size} bytes`,
      },
    });
  });

  it.each([0n, 1n, 8n, 15n])('is malformed with a 64-bit size of %i', (size) => {
    expect(read(bytes(box('ftyp'), uint32(1), 'mdat', uint64(size))).state).toEqual({
      kind: 'malformed',
      start: 8,
      type: 'mdat',
      reason: `box 'mdat' claims a size of ${size} bytes`,
    });
  });

  it.each([8, 23])('is malformed as a uuid box of %i bytes, with no room for its user type', (size) => {
    expect(read(bytes(uint32(size), 'uuid', UUID)).state).toEqual({
      kind: 'malformed',
      start: 0,
      type: 'uuid',
      reason: `box 'uuid' claims a size of ${size} bytes`,
    });
  });

  it.each([2n ** 53n, 2n ** 63n, 2n ** 64n - 1n])(
    'is malformed with a 64-bit size of %i, more than any file',
    (size) => {
      const { boxes, state } = read(bytes(uint32(1), 'mdat', uint64(size), 'payload'));
      expect(boxes).toEqual([]);
      expect(state).toMatchObject({
        kind: 'malformed',
        start: 0,
        reason: "box 'mdat' claims an impossible size",
      });
    },
  );

  it.each([
    ['a control character', 'mo\u001fv'],
    ['a character beyond ASCII', 'mo\u007fv'],
    ['a character beyond seven bits', 'm\u00e9ov'],
    ['zeros', '\0\0\0\0'],
    ['a control character first', '\u0001oov'],
    ['a control character last', 'moo\n'],
  ])('is junk with %s in its type where no known box follows', (_what, type) => {
    expect(read(bytes(box('free'), uint32(8), type, 'no box'))).toMatchObject({
      state: { kind: 'junk', start: 8 },
    });
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('is junk when only %i bytes are left', (count) => {
    const { boxes, state } = read(bytes(box('free'), box('moov').subarray(0, count)));
    expect(boxes).toHaveLength(1);
    expect(state).toEqual({ kind: 'junk', start: 8 });
  });

  it('is junk, not malformed, when both its type and its size are impossible', () => {
    expect(read(bytes(uint32(3), [0, 0, 0, 0])).state).toEqual({ kind: 'junk', start: 0 });
  });
});

describe('a box of an unprintable type', () => {
  it('is forgotten when a known box has begun', () => {
    const { state } = read(bytes(box('\xa9xyz', 'text'), box('mdat', 'twelve bytes').subarray(0, 15)));
    expect(state).toEqual({ kind: 'boxes', missing: 5, inHeader: false, start: 12, type: 'mdat' });
  });

  it('makes junk of all that follows until one has', () => {
    const { state } = read(bytes(box('\xa9xyz', 'text'), box('abcd', 'twelve bytes').subarray(0, 15)));
    expect(state).toEqual({ kind: 'junk', start: 0 });
  });
});

describe('offsets', () => {
  it('count every byte, broken chain or not', () => {
    const reader = new Collector();
    reader.push(bytes(uint32(3), 'mdat'));
    reader.push(new Uint8Array(100));
    expect(reader.offset).toBe(108);
    expect(reader.skippable).toBe(Number.POSITIVE_INFINITY);
  });

  it('tell how much of a payload can be skipped', () => {
    const reader = new Collector();
    reader.push(box('mdat', 'payload').subarray(0, 10));
    expect([reader.offset, reader.skippable]).toEqual([10, 5]);
  });

  it('are unlimited in a box that extends to the end of the file', () => {
    const reader = new Collector();
    reader.push(openBox('mdat', 'abc'));
    expect(reader.skippable).toBe(Number.POSITIVE_INFINITY);
    reader.skip(1000);
    expect(reader.offset).toBe(1011);
    expect(reader.state).toEqual({ kind: 'to-the-end' });
  });
});

describe('skipping', () => {
  it('is the same as reading the payload', () => {
    const reader = new Collector();
    reader.push(box('mdat', 'payload').subarray(0, 9));
    reader.skip(2);
    reader.skip(4);
    expect([reader.offset, reader.skippable]).toEqual([15, 0]);
    reader.push(box('moov'));
    expect(reader.boxes.at(-1)).toEqual({ type: 'moov', start: 15, end: 23 });
  });

  it('never goes past the payload', () => {
    const reader = new Collector();
    expect(() => reader.skip(1)).toThrow(/only a payload/);
    reader.push(box('mdat', 'abc').subarray(0, 8));
    expect(() => reader.skip(4)).toThrow(RangeError);
    reader.skip(3);
    expect(() => reader.skip(1)).toThrow(RangeError);
    expect(reader.offset).toBe(11);
  });

  it('never skips a header', () => {
    const reader = new Collector();
    reader.push(openBox('mdat').subarray(0, 3));
    expect(() => reader.skip(1)).toThrow(RangeError);
  });
});

/** Each form of box once, and a tail that is none. */
const SAMPLE = bytes(
  box('ftyp', 'isom', uint32(512), 'isom'),
  box('free'),
  largeBox('mdat', new Uint8Array(40).fill(0x6d)),
  box('uuid', UUID, 'user data'),
  box('moov', box('mvhd', new Uint8Array(100)), box('trak', new Uint8Array(60))),
  largeBox('uuid', UUID),
  box('skip', 'x'),
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
);

/** Other ends of the same chain. */
const ENDS = {
  junk: SAMPLE,
  'a complete box': SAMPLE.subarray(0, SAMPLE.length - 11),
  'an open box': bytes(SAMPLE.subarray(0, SAMPLE.length - 11), openBox('mdat', 'to the end')),
  'a malformed box': bytes(SAMPLE.subarray(0, SAMPLE.length - 11), uint32(5), 'mdat', 'more'),
  'an impossible size': bytes(SAMPLE.subarray(0, SAMPLE.length - 11), uint32(1), 'mdat', uint64(1n << 60n)),
  'half a box': bytes(SAMPLE.subarray(0, SAMPLE.length - 11), uint32(100), 'mdat', 'half'),
  'half a size': bytes(SAMPLE.subarray(0, SAMPLE.length - 11), uint32(1), 'mdat', [0, 0, 0]),
  'a few bytes': bytes(SAMPLE.subarray(0, SAMPLE.length - 11), [0, 0, 0, 8, 0x6d]),
};

describe('the boxes of a stream are the same however it is cut', () => {
  it.each(Object.entries(ENDS))('when it ends in %s', (_end, all) => {
    const expected = read(all);
    expect(expected.boxes.length).toBeGreaterThanOrEqual(7);
    expect(read(...oneByOne(all))).toEqual(expected);
    for (let offset = 0; offset <= all.length; offset += 1) {
      expect(read(...cutAt(all, [offset]))).toEqual(expected);
    }
  });

  it('when two cuts fall anywhere in its first bytes', () => {
    const expected = read(SAMPLE);
    for (let first = 0; first < 50; first += 1) {
      for (let second = first; second < 50; second += 1) {
        expect(read(...cutAt(SAMPLE, [first, second]))).toEqual(expected);
      }
    }
  });
});

interface Sketch {
  readonly type: string;
  readonly large: boolean;
  readonly payloadSize: number;
}

const sketch: fc.Arbitrary<Sketch> = fc.record({
  type: fc.oneof(
    fc.constantFrom('ftyp', 'moov', 'mdat', 'free', 'uuid', 'moof'),
    fc.string({ minLength: 4, maxLength: 4, unit: 'grapheme-ascii' }),
  ),
  large: fc.boolean(),
  payloadSize: fc.nat(60),
});

/** The bytes of the sketched boxes, and what a reader should say of them. */
function draw(sketches: readonly Sketch[]): { all: Uint8Array; boxes: Box[] } {
  const parts: Uint8Array[] = [];
  const boxes: Box[] = [];
  let start = 0;
  for (const { type, large, payloadSize } of sketches) {
    const inside = new Uint8Array(payloadSize + (type === 'uuid' ? 16 : 0)).fill(0x20);
    const drawn = large ? largeBox(type, inside) : box(type, inside);
    parts.push(drawn);
    const end = start + drawn.length;
    boxes.push({ type, start, end });
    start = end;
  }
  return { all: bytes(...parts), boxes };
}

describe('for any stream', () => {
  it('finds every box of a chain, cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(sketch, { maxLength: 12 }), fc.array(fc.nat(1000)), (sketches, cuts) => {
        const { all, boxes } = draw(sketches);
        const offsets = cuts.map((cut) => cut % (all.length + 1));
        expect(read(...cutAt(all, offsets))).toEqual({ boxes, state: edge });
      }),
    );
  });

  it('reports a chain that is cut anywhere as cut, as complete at an edge, or as junk where either is possible', () => {
    fc.assert(
      fc.property(fc.array(sketch, { minLength: 1, maxLength: 8 }), fc.nat(), (sketches, cut) => {
        const { all, boxes } = draw(sketches);
        const length = cut % all.length;
        const { state } = read(all.subarray(0, length));
        const inside = boxes.find((each) => each.start < length && length < each.end);
        if (inside === undefined) expect(state).toEqual(edge);
        else if (length - inside.start < 8) expect(state).toEqual({ kind: 'junk', start: inside.start });
        else expect(state).toMatchObject({ kind: 'boxes', missing: expect.any(Number) });
        if (state.kind === 'boxes') expect(length + state.missing).toBeLessThanOrEqual(inside?.end ?? length);
      }),
    );
  });

  it('accepts any bytes, in order and without an error', () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      // Small sizes and letters are what the parser could stumble over.
      fc.array(fc.constantFrom(0, 0, 0, 1, 7, 8, 16, 24, 0x6d, 0x20, 0xff), { maxLength: 300 }).map(bytes),
    );
    fc.assert(
      fc.property(garbage, fc.nat(), (all, cut) => {
        const { boxes, state } = read(all);
        expect(read(...cutAt(all, [cut % (all.length + 1)]))).toEqual({ boxes, state });
        boxes.forEach((each, index) => {
          expect(each.start).toBe(boxes[index - 1]?.end ?? 0);
          expect(each.end).toBeGreaterThanOrEqual(each.start + 8);
          expect(each.start).toBeLessThan(all.length);
        });
      }),
      { numRuns: 500 },
    );
  });
});
