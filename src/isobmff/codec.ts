/** What a track's samples are, by its sample description box (ISO/IEC 14496-12, 8.5.2, and 14496-15). */
import { boxesIn, find, fourCharacters, type Part } from './tables.ts';

/** How the NAL units of a sample are stored. */
export interface NalFormat {
  /** Bytes of the length before each unit: 1 to 4. */
  readonly lengthBytes: number;
  readonly codec: 'avc' | 'hevc';
}

/** One entry of a sample description box. */
export interface SampleEntry {
  /** Four characters such as `avc1`; for an encrypted track those of what is encrypted. */
  readonly format: string;
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

const AVC = new Set(['avc1', 'avc3', 'dva1', 'dvav']);
const HEVC = new Set(['hvc1', 'hev1', 'dvh1', 'dvhe']);

/** Reads the sample entries of a track. */
export function readSampleEntries(minf: Part | null): readonly SampleEntry[] {
  const references = entriesOf(find(minf, 'dinf dref'));
  return entriesOf(find(minf, 'stbl stsd')).map((part) => {
    const reference = references[sizeOf(part) < 8 ? 0 : part.view.getUint16(part.start + 6) - 1];
    return { ...readEntry(part), external: reference !== undefined && isExternal(reference) };
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

function readEntry(part: Part): Omit<SampleEntry, 'external'> {
  const { type, view } = part;
  const inside = { ...part, start: part.start + VIDEO_ENTRY_BYTES };
  if (type !== 'encv') return { format: type, encrypted: false, nal: nalFormat(inside, type) };
  const original = find(inside, 'sinf frma');
  const format = original !== null && sizeOf(original) >= 4 ? fourCharacters(view, original.start) : type;
  const scheme = find(inside, 'sinf schi tenc');
  const encrypted = scheme === null || sizeOf(scheme) < 7 || view.getUint8(scheme.start + 6) !== 0;
  return { format, encrypted, nal: encrypted ? null : nalFormat(inside, format) };
}

/** The format of NAL units, by the codec's own configuration box. */
function nalFormat(inside: Part, format: string): NalFormat | null {
  const codec = AVC.has(format) ? 'avc' : HEVC.has(format) ? 'hevc' : null;
  if (codec === null) return null;
  const configuration = find(inside, codec === 'avc' ? 'avcC' : 'hvcC');
  const lengthAt = codec === 'avc' ? 4 : 21;
  if (configuration === null || sizeOf(configuration) <= lengthAt) return null;
  const { view, start } = configuration;
  // Some files have raw stream headers here, and another version may have another layout.
  return view.getUint8(start) === 1
    ? { codec, lengthBytes: (view.getUint8(start + lengthAt) & 3) + 1 }
    : null;
}
