import { type Chain, type Head, partRows } from '../batch/chain.js';
import type { ObjectStore, StreamedBody } from '../core/object-store.js';

/** What there is of one chunk, and how many of its records have no row. */
export interface Piece {
  readonly chain: Chain;
  readonly missing: number;
}

/** Parts that are fetched at the same time: so many are held in memory, and S3's latency does not add up over thousands. */
const width = 8;

/** Why a record has no answer whose chunk failed at every try. */
export const missing = {
  error: 'its chunk failed at every try; upload the records beside it again in smaller files to find the one',
  code: 'INFERENCE_FAILED',
} as const;

/** The rows of all pieces in order, and rows in the place of those that are missing. Reading throws PartsGone. */
export function mergedRows(data: ObjectStore, pieces: readonly Piece[]): StreamedBody {
  function* reads(): Generator<() => Promise<Uint8Array>> {
    for (const piece of pieces) {
      for (let part = 0; part < piece.chain.parts; part++) yield () => partRows(data, piece.chain, part);
      if (piece.missing > 0) yield async () => missingRows(piece);
    }
  }
  const bytes = pieces.reduce((sum, piece) => sum + piece.chain.head.bytes + missingRows(piece).length, 0);
  return { bytes, open: () => readAhead(reads()) };
}

/** The heads of all pieces as that of one chain. */
export function mergedHead(pieces: readonly Piece[], failure: Head['failure']): Omit<Head, 'bytes' | 'next'> {
  let [ok, failed] = [0, 0];
  const codes: Record<string, number> = {};
  const by = new Set<string>();
  const fail = (code: string, count: number): void => {
    codes[code] = (codes[code] ?? 0) + count;
    failed += count;
  };
  for (const { chain, missing: count } of pieces) {
    ok += chain.head.ok;
    for (const [code, times] of Object.entries(chain.head.codes)) fail(code, times);
    if (count > 0) fail(missing.code, count);
    for (const invocation of chain.head.by) by.add(invocation);
  }
  return { last: true, ok, failed, codes, by: [...by], ...(failure !== undefined && { failure }) };
}

function missingRows({ chain, missing: count }: Piece): Uint8Array {
  const first = chain.head.next.index;
  const lines = Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ index: first + index, ...missing })}\n`,
  );
  return Buffer.from(lines.join(''));
}

async function* readAhead(reads: Iterator<() => Promise<Uint8Array>>): AsyncGenerator<Uint8Array, void, void> {
  const ahead: Promise<Uint8Array>[] = [];
  const ask = (): void => {
    const { value: read, done } = reads.next();
    if (done) return;
    const reading = read();
    reading.catch(() => undefined); // awaited below; it must not go unhandled meanwhile
    ahead.push(reading);
  };
  for (let started = 0; started < width; started++) ask();
  for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
    const rows = await next;
    ask();
    if (rows.length > 0) yield rows;
  }
}
