import { partFor, sendContent, writeHead } from './answer.ts';
import type { Content } from './content.ts';
import type { Exchange } from './exchange.ts';
import type { FaultAction } from './fault-action.ts';
import { partAsked, whole } from './ranges.ts';
import { writeBody } from './write-body.ts';

/** Faults in the answer to a request for a range. To a request for all they are good answers that offer ranges. */
export const RANGE_FAULTS = {
  'range-ignored': async (exchange, content) => {
    const part = whole(content);
    writeHead(exchange, content, part);
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
  },
  'bad-range': async (exchange, content) => {
    const asked = partFor(exchange, content);
    const part = { ...asked, fromByte: Math.max(0, asked.fromByte - 1) };
    writeHead(exchange, content, part);
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
  },
  'other-etag': (exchange, content) => sendContent(exchange, withOwnTag(exchange, content)),
  'if-range-ignored': async (exchange, content) => {
    const { range } = exchange.request.headers;
    const part = partAsked(range === undefined ? {} : { range }, content);
    writeHead(exchange, withOwnTag(exchange, content), part);
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
  },
} satisfies Record<string, FaultAction>;

function withOwnTag({ record }: Exchange, content: Content): Content {
  return { ...content, etag: `"version-${record.order}"` };
}
