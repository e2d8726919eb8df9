import type { JpegComponent, JpegFrame } from './jpeg-frame.js';
import type { JpegSegment } from './jpeg-segments.js';
import type { JpegTables } from './jpeg-tables.js';

/**
 * A progressive file may go over each coefficient again and again, thousands of times for a few bytes. Encoders need up to
 * four rounds (libjpeg's script 3.4); this many are allowed on average.
 */
const rounds = 8;

/** What visiting a block costs the decoder beside the block's coefficients, in coefficients. */
const blockCost = 4;

/** Follows a frame's scans; each must be one that the decoder reads as ITU-T T.81 means it. */
export function followScans(frame: JpegFrame, tables: JpegTables) {
  const begun = new Set<JpegComponent>();
  const blocks = frame.components.reduce((sum, component) => sum + blockCount(component), 0);
  let budget = rounds * 64 * blocks;

  return {
    /** @throws Error when the scan is damaged, or its data does not have all its restart markers */
    add: ({ body, restarts }: JpegSegment, restartInterval: number): void => {
      const scan = readScan(body, frame);
      const { components, start, end, refines } = scan;
      checkTables(scan, frame, tables);
      if (!frame.progressive && components.some(({ component }) => begun.has(component))) {
        throw new Error('it has a scan too many');
      }
      for (const { component } of components) {
        if (start === 0 && !refines) begun.add(component);
        budget -= blockCount(component) * (end - start + 1 + blockCost);
      }
      if (budget < 0) throw new Error('it has more scans than an image needs');
      checkRestarts(restarts, restartInterval, frame, components);
    },
    /** @throws Error when a component never came */
    finish: (): void => {
      if (begun.size !== frame.components.length) throw new Error('a part of its data is missing');
      if (frame.components.some(({ quantizer }) => !tables.quantizers.has(quantizer))) throw missingTable();
    },
  };
}

interface Selected {
  readonly component: JpegComponent;
  readonly dc: number;
  readonly ac: number;
}

interface Scan {
  readonly components: readonly [Selected, ...Selected[]];
  /** First and last coefficient, in zigzag order. */
  readonly start: number;
  readonly end: number;
  /** Whether the scan adds a bit to what an earlier one brought. */
  readonly refines: boolean;
}

/** A scan header (ITU-T T.81, B.2.3 and G.1.1.1). */
function readScan(body: Uint8Array, frame: JpegFrame): Scan {
  const count = body[0] ?? 0;
  if (count < 1 || body.length !== 4 + 2 * count) throw damaged();
  const components = Array.from({ length: count }, (_, index): Selected => {
    const [id, selectors] = body.subarray(1 + 2 * index) as unknown as [number, number];
    const component = frame.components.find((candidate) => candidate.id === id);
    if (component === undefined) throw damaged();
    return { component, dc: selectors >> 4, ac: selectors & 15 };
  }) as [Selected, ...Selected[]];
  if (new Set(components.map(({ component }) => component)).size !== count) throw damaged();
  if (!frame.progressive) return { components, start: 0, end: 63, refines: false };
  const [start, end, bits] = body.subarray(1 + 2 * count) as unknown as [number, number, number];
  const coefficients = start === 0 ? end === 0 : count === 1 && start <= end && end <= 63;
  if (!coefficients || bits >> 4 > 13 || (bits & 15) > 13) throw damaged();
  return { components, start, end, refines: bits >> 4 !== 0 };
}

function checkTables({ components, start, refines }: Scan, { progressive }: JpegFrame, { dc, ac }: JpegTables): void {
  for (const selected of components) {
    const needsDc = start === 0 && !refines;
    const needsAc = !progressive || start > 0;
    if ((needsDc && !dc.has(selected.dc)) || (needsAc && !ac.has(selected.ac))) throw missingTable();
  }
}

/**
 * The decoder takes a missing restart marker for the end of the scan and leaves the rest grey. Markers stand between so many
 * blocks in a scan of one component, else between so many MCUs (ITU-T T.81, A.2).
 */
function checkRestarts(
  restarts: readonly number[],
  interval: number,
  { mcuColumns, mcuRows }: JpegFrame,
  [{ component }, ...others]: Scan['components'],
): void {
  const single = others.length === 0;
  const units = single ? blockCount(component) : mcuColumns * mcuRows;
  const expected = interval === 0 ? 0 : Math.ceil(units / interval) - 1;
  if (restarts.length !== expected || restarts.some((restart, index) => restart !== index % 8)) {
    throw new Error('a part of its data is missing');
  }
  // The decoder fills the last interval up with rows of padding, which are not in such a scan.
  if (single && expected > 0 && units % interval !== 0 && component.rows < mcuRows * component.v) {
    throw new Error('it has restart markers in a scan of one colour; save it without them');
  }
}

function blockCount({ columns, rows }: JpegComponent): number {
  return columns * rows;
}

const damaged = (): Error => new Error('its scan header is damaged');
const missingTable = (): Error => new Error('a table is missing');
