import type { Plane } from './pixels.js';
export function levelled(plane: Plane): Plane {
  return { ...plane, values: plane.values.map((value) => Math.max(0, value)) };
}
