import type { Graph, GraphNode } from './graph.js';

/**
 * Whether a node just moves elements, and element i of its result's last axis, of `width` elements, was one whose place in
 * the last axis before is i modulo `width`: what is done to each channel is then the same before and after it.
 * @param width 1 for what is the same for all elements
 */
export function keepsLastAxis(
  { op, inputs, attr }: GraphNode,
  width: number,
  nodes: ReadonlyMap<string, GraphNode>,
  constants: Graph['constants'],
): boolean {
  const numbers = (index: number): ArrayLike<number> & Partial<Pick<number[], 'at'>> =>
    constants.get(inputs[index] ?? '')?.data ?? [];
  const last = (index: number): number | undefined => numbers(index).at?.(-1);
  const rank = numbers(1).length;
  if (width === 1) return movers.has(op);
  switch (op) {
    case 'Reshape':
      return (last(1) ?? lastOfPack(nodes.get(inputs[1] ?? ''), constants)) === width;
    case 'Transpose':
      return last(1) === rank - 1;
    case 'Slice':
      return last(1) === 0 && (last(2) === -1 || last(2) === width);
    case 'StridedSlice': {
      const masked = (name: string): boolean => (Number(attr[name]?.i ?? 0) & (2 ** (rank - 1))) !== 0;
      const plain = ['ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].every(
        (name) => Number(attr[name]?.i ?? 0) === 0,
      );
      return plain && last(1) === 0 && last(3) === 1 && masked('end_mask');
    }
    case 'Squeeze':
      return squeezesOthers(attr);
    default:
      return false;
  }
}

const movers = new Set(['Reshape', 'Transpose', 'Slice', 'StridedSlice', 'Squeeze']);

/** Axes counted from the front of an image, or from the end, but not the last. */
function squeezesOthers(attr: GraphNode['attr']): boolean {
  const dims = (attr.squeeze_dims ?? attr.axis) as { readonly list?: { readonly i?: readonly unknown[] } } | undefined;
  const axes = (dims?.list?.i ?? []).map(Number);
  return axes.length > 0 && axes.every((axis) => axis < -1 || (axis >= 0 && axis < 3));
}

/** The last of sizes that are computed at a request, where it is a constant. */
function lastOfPack(node: GraphNode | undefined, constants: Graph['constants']): number | undefined {
  return node?.op === 'Pack' ? constants.get(node.inputs.at(-1) ?? '')?.data[0] : undefined;
}
