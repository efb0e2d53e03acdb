/** What a track's samples are, by its sample description box (ISO/IEC 14496-12, 8.5.2, and 14496-15). */
import { boxesIn, Fields, find, fourCharacters, type Part } from './tables.ts';

/** How the NAL units of a sample are stored: `lengthBytes`, 1 to 4, are the bytes of the length before each unit. */
export type NalFormat = Readonly<{ codec: 'avc' | 'hevc'; lengthBytes: number }>;

/** One entry of a sample description box. */
export interface SampleEntry {
  /** Four characters such as `avc1`; for an encrypted track those of what is encrypted. */
  readonly format: string;
  readonly isVideo: boolean;
  /** Whether it is encrypted video. */
  readonly encrypted: boolean;
  /** Whether the samples are in another file. */
  readonly external: boolean;
  /** How the samples are built; null if they can't be checked. */
  readonly nal: NalFormat | null;
}

/** More entries than any real track has; the others are not read. */
const MOST_ENTRIES = 256;

/** The fields of every video sample entry; those of audio are shorter. */
const VIDEO_ENTRY_BYTES = 78;

/** The codecs whose units can be checked: their formats, their configuration box, and where that has the length. */
const CODECS = [
  { codec: 'avc', formats: 'avc1 avc3 dva1 dvav'.split(' '), configuration: 'avcC', lengthAt: 4 },
  { codec: 'hevc', formats: 'hvc1 hev1 dvh1 dvhe'.split(' '), configuration: 'hvcC', lengthAt: 21 },
] as const;

/** Reads the sample entries of a track. */
export function readSampleEntries(minf: Part | null): readonly SampleEntry[] {
  const isVideo = find(minf, 'vmhd') !== null;
  const references = entriesOf(find(minf, 'dinf dref'));
  return entriesOf(find(minf, 'stbl stsd')).map((entry) => {
    const reference = references[(new Fields(entry).uint32() & 0xffff) - 1] ?? null;
    // Flag 1 of a reference says that the samples are in this file.
    const external = ((byteOf(reference, 3) ?? 1) & 1) === 0;
    const inside = { ...entry, start: entry.start + VIDEO_ENTRY_BYTES };
    const isProtected = entry.type === 'encv';
    const original = isProtected ? find(inside, 'sinf frma') : null;
    const isNamed = original !== null && original.end - original.start >= 4;
    const format = isNamed ? fourCharacters(original.view, original.start) : entry.type;
    const encrypted = isProtected && byteOf(find(inside, 'sinf schi tenc'), 6) !== 0;
    return { format, isVideo, encrypted, external, nal: encrypted ? null : nalFormat(inside, format) };
  });
}

/** A byte of a part; undefined if it is too short. */
function byteOf(part: Part | null, index: number): number | undefined {
  return part !== null && part.start + index < part.end ? part.view.getUint8(part.start + index) : undefined;
}

/** The boxes after the version and the number of entries. */
function entriesOf(box: Part | null): Part[] {
  const entries: Part[] = [];
  for (const part of boxesIn(box && { ...box, start: box.start + 8 })) {
    if (entries.length === MOST_ENTRIES) break;
    entries.push(part);
  }
  return entries;
}

function nalFormat(inside: Part, format: string): NalFormat | null {
  for (const { codec, formats, configuration, lengthAt } of CODECS) {
    if (!formats.includes(format)) continue;
    const box = find(inside, configuration);
    const length = byteOf(box, lengthAt);
    // Some files have raw stream headers here, and another version may have another layout.
    if (length === undefined || byteOf(box, 0) !== 1) return null;
    return { codec, lengthBytes: (length & 3) + 1 };
  }
  return null;
}
