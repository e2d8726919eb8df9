import type { Random } from '../lib/core/random.js';

/** How far an image may be moved at random, to either side of no change. */
const limits = { degrees: 10, scale: 0.1, shear: 0.1, pixels: 2 };

/**
 * Writes a slightly rotated, scaled, sheared and shifted copy of a square grey image, interpolated between pixels; what comes
 * in from outside is background (0).
 */
export function distort(source: Float32Array, side: number, random: Random, target: Float32Array): void {
  const around = (limit: number): number => (2 * random() - 1) * limit;
  const angle = (around(limits.degrees) * Math.PI) / 180;
  const [scaleX, scaleY] = [1 + around(limits.scale), 1 + around(limits.scale)];
  const shear = around(limits.shear);
  const [shiftX, shiftY] = [around(limits.pixels), around(limits.pixels)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const centre = (side - 1) / 2;
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= side || y >= side ? 0 : (source[y * side + x] as number);

  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [dx, dy] = [column - centre - shiftX, row - centre - shiftY];
      const x = (cos * dx + (sin + shear) * dy) * scaleX + centre;
      const y = (-sin * dx + cos * dy) * scaleY + centre;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [right, down] = [x - left, y - top];
      const upper = at(left, top) * (1 - right) + at(left + 1, top) * right;
      const lower = at(left, top + 1) * (1 - right) + at(left + 1, top + 1) * right;
      target[row * side + column] = upper * (1 - down) + lower * down;
    }
  }
}
