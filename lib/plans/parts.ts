import { layOut } from './arena.js';
import type { Constants } from './constants.js';
import { keepsRows } from './keeps-rows.js';
import type { PlanGraph } from './plan-graph.js';
import type { Drafted, Named } from './settle.js';
import { countOf } from './value.js';

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Bytes of intermediate tensors that stay in the processor's caches. */
const cacheBytes = 2 ** 22;

/**
 * In how many equal parts a batch is computed: as few as make the intermediate tensors of one fit the caches, and only so many that
 * each part moves more than the weights it reads again.
 */
export function partsOf(graph: PlanGraph, constants: Constants, shapes: Shapes, whole: Drafted): number {
  const { areas } = whole.draft;
  const arena = layOut(areas);
  if (arena <= cacheBytes || !isDivisible(graph, constants, shapes, whole)) return 1;
  const batch = batchOf(shapes) ?? 1;
  const moved = areas.reduce((sum, { bytes }) => sum + bytes, 0);
  const most = Math.min(Math.ceil(arena / cacheBytes), moved / constants.bytes());
  return Array.from({ length: batch }, (_, index) => index + 1)
    .filter((parts) => batch % parts === 0 && (parts <= most || parts === 1))
    .reduce((least, parts) => Math.max(least, parts));
}

const batchOf = (shapes: Shapes): number | undefined => {
  const [batch, ...others] = new Set([...shapes.values()].map(([size]) => size));
  return others.length > 0 ? undefined : batch;
};

/** Whether a batch may be computed in parts, each at its place in inputs and outputs that have areas of their own. */
export function isDivisible(
  graph: PlanGraph,
  constants: Constants,
  shapes: Shapes,
  { inputs, outputs, shapeOf }: Drafted,
): boolean {
  const batch = batchOf(shapes);
  const own = [...inputs, ...outputs].map(({ value }) => value.address?.area);
  const isWhole = ({ value }: Named): boolean =>
    value.address?.offset === 0 &&
    value.address.area.kind === 'arena' &&
    value.address.area.bytes === 4 * countOf(value);
  return (
    batch !== undefined &&
    [...inputs, ...outputs].every(isWhole) &&
    new Set(own).size === own.length &&
    keepsRows(graph, constants, batch, shapeOf)
  );
}
