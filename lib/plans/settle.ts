import { aligned, layOut } from './arena.js';
import type { Draft } from './building.js';
import { CannotPlan } from './cannot-plan.js';
import type { PlacedTensor, Plan } from './plan.js';
import type { Address, Area, Value } from './value.js';

export interface Named {
  readonly name: string;
  readonly value: Value;
}

/** A plan whose tensors have no places yet. */
export interface Drafted {
  readonly draft: Draft;
  readonly inputs: readonly Named[];
  readonly outputs: readonly Named[];
  /** Of a node's first output; nothing for one that the kernel before computes along. */
  shapeOf(node: string): readonly number[] | undefined;
}

/** All that 32-bit pointers reach, but for a last page. */
const mostBytes = 2 ** 32 - 2 ** 16;

/**
 * Gives everything its place.
 * @param parts how often the calls are made, each time on the next part of inputs and outputs
 */
export function settle({ draft, inputs, outputs }: Drafted, parts: number): Plan {
  const { constants, areas, calls } = draft;
  /** Bytes from one part to the next. */
  const steps = new Map<Area, number>();
  if (parts > 1) {
    for (const { area } of [...inputs, ...outputs].map(({ value }) => draft.at(value))) {
      steps.set(area, area.bytes);
      Object.assign(area, { bytes: area.bytes * parts, first: -1, last: Number.POSITIVE_INFINITY });
    }
  }
  const words = draft.words();
  const literals = aligned(constants.end());
  const arena = literals + aligned(words.byteLength);
  const end = arena + layOut(areas);
  if (end > mostBytes) throw new CannotPlan(`it needs ${Math.ceil(end / 2 ** 20)} MiB, and 32-bit pointers reach 4096`);
  const starts: Readonly<Record<Area['kind'], number>> = { constants: constants.start, literals, arena };
  const placeOf = (argument: number | Address, part = 0): number =>
    typeof argument === 'number'
      ? argument
      : starts[argument.area.kind] + argument.area.start + argument.offset + part * (steps.get(argument.area) ?? 0);
  const placed = ({ name, value }: Named): PlacedTensor => ({
    name,
    datatype: value.datatype,
    shape: value.shape.map((size, axis) => (axis === 0 ? size * parts : size)),
    at: placeOf(draft.at(value)),
  });
  const callsOf = (part: number) =>
    calls.map(({ kernel, args }) => ({ kernel, args: args.map((argument) => placeOf(argument, part)) }));
  return {
    inputs: inputs.map(placed),
    outputs: outputs.map(placed),
    calls: Array.from({ length: parts }, (_, part) => callsOf(part)).flat(),
    literals: { at: literals, words },
    end,
  };
}
