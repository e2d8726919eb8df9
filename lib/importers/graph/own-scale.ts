import { type Graph, nodeOf } from './graph.js';

/** A network that multiplies its input by less than this takes pixels of 0…255: Rescaling(1/255), (1/127.5). */
const pixelScale = 1 / 50;

/** What may come before the scaling. */
const before = new Set(['Identity', 'Cast', 'Sub', 'AddV2', 'Add']);

/**
 * The factor by which a graph brings its input down to about 0…1 before it does anything else (Keras' `Rescaling`); undefined
 * where it takes the input as it is. For graphs that are not folded yet, with nodes in topological order.
 */
export function ownScale({ nodes, constants }: Graph): number | undefined {
  const unscaled = new Set(nodes.filter(({ op }) => op === 'Placeholder').map(({ name }) => name));
  for (const { name, op, inputs } of nodes) {
    const [input, other] = inputs.map(nodeOf).sort((a, b) => Number(unscaled.has(b)) - Number(unscaled.has(a)));
    if (input === undefined || !unscaled.has(input)) continue;
    if (before.has(op)) unscaled.add(name);
    const numbers = Array.from(constants.get(other ?? '')?.data ?? [], Math.abs);
    const factors = { Mul: numbers, RealDiv: numbers.map((value) => 1 / value) }[op] ?? [];
    const largest = Math.max(0, ...factors);
    if (largest > 0 && largest < pixelScale) return largest;
  }
  return undefined;
}
