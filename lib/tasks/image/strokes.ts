import type { Plane } from './pixels.js';

/**
 * The mean width of strokes, in pixels: their area over half their outline. The outline of soft strokes is the sum of the
 * gradient's length (the coarea formula).
 * @param full the value of a pixel full of ink
 */
export function strokeWidth({ width, height, values }: Plane, full: number): number {
  const at = (x: number, y: number): number => {
    if (x < 0 || y < 0 || x >= width || y >= height) return 0;
    return Math.min(1, Math.max(0, (2 * (values[y * width + x] as number)) / full - 0.5));
  };
  let [area, outline] = [0, 0];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const value = at(x, y);
      area += value;
      outline += Math.hypot(at(x + 1, y) - value, at(x, y + 1) - value);
    }
  }
  return (2 * area) / outline;
}

export function usualInk(values: Float32Array): number {
  let most = 0;
  for (const v of values) if (v > most) most = v;
  let [sum, n] = [0, 0];
  for (const v of values) if (v >= 0.3 * most) { sum += v; n++; }
  return sum / n;
}

/** Makes strokes wider by `radius` pixels on every side, softly at the edge; the image grows with them. */
export function thickened({ width, height, values }: Plane, radius: number): Plane {
  const margin = Math.ceil(radius);
  const size = { width: width + 2 * margin, height: height + 2 * margin };
  const target = new Float32Array(size.width * size.height);
  for (let dy = -margin; dy <= margin; dy++) {
    for (let dx = -margin; dx <= margin; dx++) {
      const share = Math.min(1, radius + 1 - Math.hypot(dx, dy));
      if (share <= 0) continue;
      for (let y = 0; y < height; y++) {
        const row = (y + margin + dy) * size.width + margin + dx;
        for (let x = 0; x < width; x++) {
          const value = share * (values[y * width + x] as number);
          if (value > (target[row + x] as number)) target[row + x] = value;
        }
      }
    }
  }
  return { ...size, values: target };
}
