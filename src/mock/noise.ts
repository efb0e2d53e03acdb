const BLOCK_BYTES = 65_536;

/** Bytes that look random and are the same for the same seed. */
export function noise(seed: number, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed | 0;
  for (let index = 0; index < words.length; index += 1) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    words[index] = mixed ^ (mixed >>> 14);
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

/**
 * Part of an endless noise that can be read from any byte on, at the speed of a copy.
 * One block is made and then repeated with its number stamped on it, so that no two stretches are equal.
 */
export async function* endlessNoise(
  seed: number,
  fromByte: number,
  toByte: number,
): AsyncGenerator<Uint8Array> {
  const block = Buffer.from(noise(seed, Math.min(BLOCK_BYTES, roundedUp(toByte))).buffer);
  for (let at = fromByte; at < toByte; ) {
    const number = Math.floor(at / BLOCK_BYTES);
    const stamped = Buffer.from(block);
    stamped.writeDoubleBE(number, 0);
    const start = at - number * BLOCK_BYTES;
    const end = Math.min(BLOCK_BYTES, start + toByte - at);
    yield stamped.subarray(start, end);
    at += end - start;
  }
}

function roundedUp(sizeBytes: number): number {
  return Math.max(8, sizeBytes);
}
