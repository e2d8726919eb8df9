import { CannotPlan } from '../cannot-plan.js';

/** An axis as TensorFlow counts it, from the end where it is negative. @throws CannotPlan for one that isn't there */
export function axisOf(axis: number | undefined, rank: number): number {
  if (axis === undefined || !Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw new CannotPlan(`axis ${axis} of ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** The shape of both together: a size of 1, or none, takes the other's. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [left = 1, right = 1] = [a[axis - rank + a.length], b[axis - rank + b.length]];
    if (left !== right && left !== 1 && right !== 1) throw new CannotPlan(`[${a}] with [${b}]`);
    return left === 1 ? right : left;
  });
}

/** Axes that all operands walk alike are one; sizes of 1 in front make up the number that a kernel takes. */
export function mergeAxes(shape: readonly number[], strides: readonly (readonly number[])[], count: number) {
  const sizes: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const last = sizes.length - 1;
    const fits = last >= 0 && merged.every((of, index) => of[last] === size * (strides[index]?.[axis] as number));
    if (fits) {
      sizes[last] = (sizes[last] as number) * size;
      for (const [index, of] of merged.entries()) of[last] = strides[index]?.[axis] as number;
    } else {
      sizes.push(size);
      for (const [index, of] of merged.entries()) of.push(strides[index]?.[axis] as number);
    }
  }
  if (sizes.length > count) throw new CannotPlan(`a walk over ${sizes.length} axes`);
  const missing = count - sizes.length;
  return {
    sizes: [...new Array<number>(missing).fill(1), ...sizes],
    strides: merged.map((of) => [...new Array<number>(missing).fill(0), ...of]),
  };
}
