import { elementCount } from '../../core/tensor.js';
import type { Building } from '../building.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Address } from '../value.js';

/**
 * A kernel [depth, columns] in column panels of eight, each with its part of the bias, as conv2d reads it.
 * @param turned the weight lies as [columns, depth]
 */
export function packedProduct(
  building: Building,
  kernel: string,
  bias: string | undefined,
  depth: number,
  columns: number,
  turned = false,
): Address {
  const floats = Math.ceil(columns / 8) * 8 * (depth + 1);
  if (bias !== undefined && elementCount(building.constants.weight(bias).shape) !== columns)
    throw new CannotPlan(`a bias of another size than ${columns}`);
  const sources = bias === undefined ? [kernel] : [kernel, bias];
  const key = `product ${turned ? 'turned ' : ''}${depth}×${columns} ${sources.join(' ')}`;
  return building.packed(key, floats, sources, (kernels, to, [weights = 0, added = 0]) => {
    if (turned) turn(new Float32Array(kernels.memory.buffer, weights, depth * columns), columns, depth);
    kernels.pack(weights, added, to, depth, columns);
  });
}

/** [rows, columns] → [columns, rows], where it is. */
function turn(matrix: Float32Array, rows: number, columns: number): void {
  const source = matrix.slice();
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      matrix[column * rows + row] = source[row * columns + column] as number;
}
