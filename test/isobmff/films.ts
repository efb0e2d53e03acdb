/** Films with true sample tables, written byte by byte: media of NAL units and audio, with or without fragments. */
import { box, bytes, largeBox, type Part, uint32, uint64 } from './bytes.ts';

const TIMESCALE = 1000;
const FRAME_TICKS = 40;
const VIDEO = 1;
const AUDIO = 2;

/** What a film is like. */
export interface FilmOptions {
  readonly codec?: 'avc' | 'hevc';
  readonly lengthBytes?: 1 | 2 | 4;
  readonly frames?: number;
  readonly framesPerChunk?: number;
  /** Offsets of 64 bits. */
  readonly wide?: boolean;
  /** The table of sample sizes: `stsz`, or `stz2` with entries of so many bits. */
  readonly sizeBits?: 4 | 8 | 16 | 32;
  /** The name of the video's sample entry; by the codec if absent. */
  readonly format?: string;
  /** Whether the video's samples are said to be in another file. */
  readonly external?: boolean;
  /** The video's sample entry, if not one of its codec. */
  readonly entry?: Buffer;
  /** Bytes of each frame's largest NAL unit. */
  readonly unitBytes?: number;
}

function u16(value: number): readonly number[] {
  return [(value >> 8) & 255, value & 255];
}

function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** A NAL unit of a type, behind its length. */
function unit({ codec = 'avc', lengthBytes = 4 }: FilmOptions, type: number, sizeBytes: number): Buffer {
  const payload = Buffer.alloc(sizeBytes, 0);
  // Bytes that are never small lengths, and differ from one another.
  for (let index = 0; index < sizeBytes; index += 1) payload[index] = 0x80 | ((index * 31 + type) & 0x7f);
  if (codec === 'avc') payload[0] = 0x60 | type;
  else payload.set([type << 1, 1]);
  return bytes(uint32(sizeBytes).slice(4 - lengthBytes), payload);
}

/** The samples of the video: a parameter set and a picture in every fifth, else a picture. */
function videoSamples(options: FilmOptions): Buffer[] {
  const { codec = 'avc', frames = 50, unitBytes = 100 } = options;
  const [set, key, other] = codec === 'avc' ? [7, 5, 1] : [33, 19, 1];
  return Array.from({ length: frames }, (_, index) =>
    index % 5 === 0
      ? bytes(unit(options, set, 9), unit(options, key, unitBytes))
      : unit(options, other, Math.max(4, unitBytes - 40 + (index % 7))),
  );
}

function audioSamples({ frames = 50 }: FilmOptions): Buffer[] {
  return Array.from({ length: frames }, (_, index) => Buffer.alloc(11, 0xa0 + (index % 16)));
}

/** The sample entry of the video. */
export function videoEntry(options: FilmOptions): Buffer {
  const { codec = 'avc', lengthBytes = 4 } = options;
  if (options.entry !== undefined) return options.entry;
  const format = options.format ?? (codec === 'avc' ? 'avc1' : 'hvc1');
  const lengths = 0xfc | (lengthBytes - 1);
  const configuration =
    codec === 'avc'
      ? box('avcC', [1, 66, 0, 30, lengths, 0xe0, 0])
      : box('hvcC', [1], zeros(20), [lengths, 0]);
  return box(format, zeros(6), u16(1), zeros(70), configuration);
}

function track(
  id: number,
  entry: Buffer,
  tables: readonly Buffer[],
  ticks: number,
  external = false,
): Buffer {
  const isVideo = id === VIDEO;
  const tkhd = box('tkhd', uint32(7), zeros(8), uint32(id), zeros(4), uint32(ticks), zeros(60));
  const mdhd = box('mdhd', zeros(12), uint32(TIMESCALE), uint32(ticks), zeros(4));
  const hdlr = box('hdlr', zeros(8), isVideo ? 'vide' : 'soun', zeros(13));
  const dref = box('dref', uint32(0), uint32(1), box('url ', uint32(external ? 0 : 1)));
  const stsd = box('stsd', uint32(0), uint32(1), entry);
  const minf = box(
    'minf',
    isVideo ? box('vmhd', zeros(12)) : box('smhd', zeros(8)),
    box('dinf', dref),
    box('stbl', stsd, ...tables),
  );
  return box('trak', tkhd, box('mdia', mdhd, hdlr, minf));
}

function mvhd(ticks: number): Buffer {
  return box('mvhd', zeros(12), uint32(TIMESCALE), uint32(ticks), zeros(80));
}

function sizesBox(samples: readonly Buffer[], bits: 4 | 8 | 16 | 32): Buffer {
  const sizes = samples.map(({ length }) => length);
  if (bits === 32) return box('stsz', uint32(0), uint32(0), uint32(sizes.length), sizes.flatMap(uint32));
  const entries =
    bits === 16
      ? sizes.flatMap(u16)
      : bits === 8
        ? sizes
        : Array.from(
            { length: Math.ceil(sizes.length / 2) },
            (_, index) => ((sizes[2 * index] ?? 0) << 4) | (sizes[2 * index + 1] ?? 0),
          );
  return box('stz2', uint32(0), uint32(bits), uint32(sizes.length), entries);
}

function tables(
  samples: readonly Buffer[],
  perChunk: number,
  offsets: readonly number[],
  options: FilmOptions,
): Buffer[] {
  const { wide = false, sizeBits = 32 } = options;
  const places = wide
    ? box('co64', uint32(0), uint32(offsets.length), ...offsets.map((offset) => uint64(BigInt(offset))))
    : box('stco', uint32(0), uint32(offsets.length), ...offsets.map(uint32));
  return [
    box('stts', uint32(0), uint32(1), uint32(samples.length), uint32(FRAME_TICKS)),
    box('stsc', uint32(0), uint32(1), uint32(1), uint32(perChunk), uint32(1)),
    sizesBox(samples, sizeBits),
    places,
  ];
}

export const FILM_FTYP = box('ftyp', 'isom', uint32(512), 'isom', 'mp41');

/** A film without fragments, and where its parts are. */
export interface Film {
  readonly bytes: Buffer;
  readonly moovAt: number;
  readonly mdatAt: number;
  /** Offsets of the chunks, video and audio in turn. */
  readonly chunks: readonly number[];
}

/** What may be put between the boxes of a film. */
export interface Layout {
  readonly moov: 'first' | 'last';
  readonly beforeMoov?: Part;
  readonly beforeMdat?: Part;
  readonly atEnd?: Part;
  /** Chunks from this one on are in an `mdat` of their own. */
  readonly splitAtChunk?: number;
}

/** Builds a film without fragments. */
export function film(layout: Layout, options: FilmOptions = {}): Film {
  const { framesPerChunk = 10, external = false } = options;
  const video = videoSamples(options);
  const audio = audioSamples(options);
  const ticks = video.length * FRAME_TICKS;
  const chunkBytes: Buffer[] = [];
  for (let first = 0; first < video.length; first += framesPerChunk) {
    const here = { start: first, end: first + framesPerChunk };
    chunkBytes.push(bytes(...video.slice(here.start, here.end)), bytes(...audio.slice(here.start, here.end)));
  }
  const moovFor = (offsets: readonly number[]): Buffer => {
    const of = (parity: number): number[] => offsets.filter((_, index) => index % 2 === parity);
    const audioEntry = box('mp4a', zeros(6), u16(1), zeros(20));
    return box(
      'moov',
      mvhd(ticks),
      track(VIDEO, videoEntry(options), tables(video, framesPerChunk, of(0), options), ticks, external),
      track(AUDIO, audioEntry, tables(audio, framesPerChunk, of(1), { ...options, sizeBits: 32 }), ticks),
    );
  };
  const moovSize = moovFor(chunkBytes.map(() => 0)).length;
  const head = bytes(FILM_FTYP);
  const beforeMoov = bytes(layout.beforeMoov ?? []);
  const beforeMdat = bytes(layout.beforeMdat ?? []);
  const split = layout.splitAtChunk ?? chunkBytes.length;
  const isFirst = layout.moov === 'first';
  const moovAt = head.length + beforeMoov.length;
  const mdatAt = isFirst ? moovAt + moovSize + beforeMdat.length : head.length + beforeMdat.length;
  const chunks: number[] = [];
  let at = mdatAt + 8;
  for (const [index, { length }] of chunkBytes.entries()) {
    if (index === split) at += 8;
    chunks.push(at);
    at += length;
  }
  const media = bytes(
    box('mdat', ...chunkBytes.slice(0, split)),
    split < chunkBytes.length ? box('mdat', ...chunkBytes.slice(split)) : [],
  );
  const moov = moovFor(chunks);
  const end = bytes(layout.atEnd ?? []);
  return isFirst
    ? { bytes: bytes(head, beforeMoov, moov, beforeMdat, media, end), moovAt, mdatAt, chunks }
    : {
        bytes: bytes(head, beforeMdat, media, beforeMoov, moov, end),
        moovAt: mdatAt + media.length + beforeMoov.length,
        mdatAt,
        chunks,
      };
}

/** What a fragmented film is like. */
export interface FragmentOptions extends FilmOptions {
  /** What offsets count from. Default: the `moof`, said by a flag. */
  readonly base?: 'moof' | 'absolute' | 'implicit';
  readonly sidx?: 'of all' | 'of each';
  readonly mfra?: boolean;
  /** Seconds that `mehd` announces; absent, there is none. */
  readonly announced?: number;
  /** Whether each `mdat` comes before its `moof`. */
  readonly mediaFirst?: boolean;
  readonly framesPerFragment?: number;
  readonly trailing?: Part;
}

/** A fragmented film, and where its fragments begin. */
export interface FragmentedFilm {
  readonly bytes: Buffer;
  readonly fragments: readonly { readonly moofAt: number; readonly mdatAt: number; readonly end: number }[];
}

/** Builds a film of fragments, each of the video's and the audio's samples. */
export function fragmentedFilm(options: FragmentOptions = {}): FragmentedFilm {
  const { base = 'moof', mediaFirst = false, framesPerFragment = 10, sidx } = options;
  const video = videoSamples(options);
  const audio = audioSamples(options);
  const trex = (id: number): Buffer =>
    box(
      'trex',
      uint32(0),
      uint32(id),
      uint32(1),
      uint32(FRAME_TICKS),
      uint32(id === AUDIO ? 11 : 0),
      uint32(0),
    );
  const mehd =
    options.announced === undefined ? [] : box('mehd', uint32(0), uint32(options.announced * TIMESCALE));
  const empty = tables([], 1, [], options).map((table) =>
    table.includes('stsc') ? box('stsc', uint32(0), uint32(0)) : table,
  );
  const moov = box(
    'moov',
    mvhd(0),
    track(VIDEO, videoEntry(options), empty, 0),
    track(AUDIO, box('mp4a', zeros(6), u16(1), zeros(20)), empty, 0),
    box('mvex', mehd, trex(VIDEO), trex(AUDIO)),
  );
  const groups: { video: Buffer[]; audio: Buffer[] }[] = [];
  for (let first = 0; first < video.length; first += framesPerFragment) {
    const end = first + framesPerFragment;
    groups.push({ video: video.slice(first, end), audio: audio.slice(first, end) });
  }
  const build = (
    from: number,
  ): { parts: Buffer[]; fragments: { moofAt: number; mdatAt: number; end: number }[] } => {
    const parts: Buffer[] = [];
    const fragments: { moofAt: number; mdatAt: number; end: number }[] = [];
    let at = from;
    for (const [index, group] of groups.entries()) {
      const mdat = box('mdat', ...group.video, ...group.audio);
      const moofSize = moof(group, index, base, 0, 0).length;
      const own = sidx === 'of each' ? sidxBox([moofSize + mdat.length]) : Buffer.alloc(0);
      const moofAt = at + own.length + (mediaFirst ? mdat.length : 0);
      const mdatAt = at + own.length + (mediaFirst ? 0 : moofSize);
      const fragment = moof(group, index, base, moofAt, mdatAt + 8);
      parts.push(own, ...(mediaFirst ? [mdat, fragment] : [fragment, mdat]));
      at += own.length + moofSize + mdat.length;
      fragments.push({ moofAt, mdatAt, end: at });
    }
    return { parts, fragments };
  };
  const head = bytes(FILM_FTYP, moov);
  const lengths = build(0).fragments.map(({ end }, index, all) => end - (all[index - 1]?.end ?? 0));
  const index = sidx === 'of all' ? sidxBox(lengths) : Buffer.alloc(0);
  const { parts, fragments } = build(head.length + index.length);
  const mfra = options.mfra === true ? box('mfra', box('mfro', uint32(0), uint32(24))) : [];
  return { bytes: bytes(head, index, ...parts, mfra, options.trailing ?? []), fragments };
}

function moof(
  group: { readonly video: readonly Buffer[]; readonly audio: readonly Buffer[] },
  index: number,
  base: 'moof' | 'absolute' | 'implicit',
  moofAt: number,
  mediaAt: number,
): Buffer {
  const videoBytes = group.video.reduce((sum, { length }) => sum + length, 0);
  const flags = base === 'moof' ? 0x2_0000 : base === 'absolute' ? 1 : 0;
  const baseOffset = base === 'absolute' ? uint64(BigInt(mediaAt)) : [];
  const relative = base === 'absolute' ? 0 : mediaAt - moofAt;
  // Without any base, the second track's offsets count from the end of the first one's media.
  const audioOffset = base === 'implicit' ? 0 : relative + videoBytes;
  const traf = (id: number, trun: Buffer): Buffer =>
    box('traf', box('tfhd', uint32(flags), uint32(id), baseOffset), trun);
  return box(
    'moof',
    box('mfhd', uint32(0), uint32(index + 1)),
    traf(
      VIDEO,
      box(
        'trun',
        uint32(0x201),
        uint32(group.video.length),
        uint32(relative),
        ...group.video.map(({ length }) => uint32(length)),
      ),
    ),
    traf(AUDIO, box('trun', uint32(1), uint32(group.audio.length), uint32(audioOffset))),
  );
}

/** An index of segments that follow directly after it. */
export function sidxBox(sizes: readonly number[]): Buffer {
  return box(
    'sidx',
    uint32(0),
    uint32(VIDEO),
    uint32(TIMESCALE),
    uint32(0),
    uint32(0),
    u16(0),
    u16(sizes.length),
    ...sizes.map((size) => bytes(uint32(size), uint32(10 * FRAME_TICKS), uint32(0x9000_0000))),
  );
}

/** The same bytes with a 32-bit number written over at an offset. */
export function withUint32(all: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(all);
  changed.writeUInt32BE(value, at);
  return changed;
}

export { box, bytes, largeBox, uint32, zeros };
