/** What a track's samples are, by its sample description box (ISO/IEC 14496-12, 8.5.2, and 14496-15). */
import { boxesIn, find, fourCharacters, type Part } from './tables.ts';

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
  { codec: 'avc', formats: ['avc1', 'avc3', 'dva1', 'dvav'], configuration: 'avcC', lengthAt: 4 },
  { codec: 'hevc', formats: ['hvc1', 'hev1', 'dvh1', 'dvhe'], configuration: 'hvcC', lengthAt: 21 },
] as const;

/** Reads the sample entries of a track. */
export function readSampleEntries(minf: Part | null): readonly SampleEntry[] {
  const isVideo = find(minf, 'vmhd') !== null;
  const references = entriesOf(find(minf, 'dinf dref'));
  return entriesOf(find(minf, 'stbl stsd')).map((part) => {
    const reference = references[sizeOf(part) < 8 ? 0 : part.view.getUint16(part.start + 6) - 1];
    return { ...readEntry(part), isVideo, external: reference !== undefined && isExternal(reference) };
  });
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

/** Whether a data reference leads to another file: its flag 1 says that it doesn't. */
function isExternal(reference: Part): boolean {
  return sizeOf(reference) >= 4 && (reference.view.getUint32(reference.start) & 1) === 0;
}

function sizeOf({ start, end }: Part): number {
  return end - start;
}

function readEntry(part: Part): Pick<SampleEntry, 'format' | 'encrypted' | 'nal'> {
  const { type, view } = part;
  const inside = { ...part, start: part.start + VIDEO_ENTRY_BYTES };
  if (type !== 'encv') return { format: type, encrypted: false, nal: nalFormat(inside, type) };
  const original = find(inside, 'sinf frma');
  const format = original !== null && sizeOf(original) >= 4 ? fourCharacters(view, original.start) : type;
  const scheme = find(inside, 'sinf schi tenc');
  const encrypted = scheme === null || sizeOf(scheme) < 7 || view.getUint8(scheme.start + 6) !== 0;
  return { format, encrypted, nal: encrypted ? null : nalFormat(inside, format) };
}

function nalFormat(inside: Part, format: string): NalFormat | null {
  for (const { codec, formats, configuration, lengthAt } of CODECS) {
    if (!formats.some((each) => each === format)) continue;
    const box = find(inside, configuration);
    // Some files have raw stream headers here, and another version may have another layout.
    if (box === null || sizeOf(box) <= lengthAt || box.view.getUint8(box.start) !== 1) return null;
    return { codec, lengthBytes: (box.view.getUint8(box.start + lengthAt) & 3) + 1 };
  }
  return null;
}
