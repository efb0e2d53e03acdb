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
  readonly encrypted: boolean;
  /** Whether the samples are in another file. */
  readonly external: boolean;
  /** How the samples are built; null where that can't be looked into. */
  readonly nal: NalFormat | null;
}

/** More entries than any real track has; the others are not read. */
const MOST_ENTRIES = 256;

/** Reserved bytes and data reference index, then the fields of every video sample entry. */
const SAMPLE_ENTRY_BYTES = 8;
const VIDEO_ENTRY_BYTES = 78;

const AVC = new Set(['avc1', 'avc3', 'dva1', 'dvav']);
const HEVC = new Set(['hvc1', 'hev1', 'dvh1', 'dvhe']);

/** Reads the sample entries of a track. */
export function readSampleEntries(view: DataView, minf: Part): readonly SampleEntry[] {
  const stsd = find(view, minf, 'stbl stsd');
  if (stsd === null) return [];
  const external = externalReferences(view, minf);
  const entries: SampleEntry[] = [];
  for (const part of boxesIn(view, entriesOf(stsd))) {
    if (entries.length === MOST_ENTRIES) break;
    const reference = part.end - part.start < SAMPLE_ENTRY_BYTES ? 1 : view.getUint16(part.start + 6);
    entries.push({ ...readEntry(view, part), external: external[reference - 1] ?? false });
  }
  return entries;
}

/** For each data reference, whether it leads to another file: flag 1 says that it doesn't. */
function externalReferences(view: DataView, minf: Part): boolean[] {
  const dref = find(view, minf, 'dinf dref');
  const external: boolean[] = [];
  for (const { start, end } of dref === null ? [] : boxesIn(view, entriesOf(dref))) {
    if (external.length === MOST_ENTRIES) break;
    external.push(end - start >= 4 && (view.getUint32(start) & 1) === 0);
  }
  return external;
}

/** What follows the version and the number of entries. */
function entriesOf(box: Part): Part {
  return { ...box, start: box.start + 8 };
}

function readEntry(view: DataView, part: Part): Omit<SampleEntry, 'external'> {
  if (part.end - part.start < VIDEO_ENTRY_BYTES)
    return { format: part.type, encrypted: part.type === 'enca', nal: null };
  const inside = { ...part, start: part.start + VIDEO_ENTRY_BYTES };
  if (part.type !== 'encv') {
    const nal = nalFormat(view, inside, part.type);
    return { format: part.type, encrypted: part.type === 'enca', nal };
  }
  const original = find(view, inside, 'sinf frma');
  const format =
    original !== null && original.end - original.start >= 4 ? fourCharacters(view, original.start) : 'encv';
  const tenc = find(view, inside, 'sinf schi tenc');
  const isProtected = tenc === null || tenc.end - tenc.start < 7 || view.getUint8(tenc.start + 6) !== 0;
  return { format, encrypted: isProtected, nal: isProtected ? null : nalFormat(view, inside, format) };
}

/** The format of NAL units, by the codec's own configuration box. */
function nalFormat(view: DataView, inside: Part, format: string): NalFormat | null {
  const codec = AVC.has(format) ? 'avc' : HEVC.has(format) ? 'hevc' : null;
  if (codec === null) return null;
  const configuration = find(view, inside, codec === 'avc' ? 'avcC' : 'hvcC');
  const lengthAt = codec === 'avc' ? 4 : 21;
  if (configuration === null || configuration.end - configuration.start <= lengthAt) return null;
  // Another version may be laid out in another way; some files have a bare stream's headers here.
  if (view.getUint8(configuration.start) !== 1) return null;
  return { codec, lengthBytes: (view.getUint8(configuration.start + lengthAt) & 3) + 1 };
}
