import type { Plane } from './pixels.js';

/**
 * The mean width of strokes, in pixels: their area over half their outline, which for soft edges is the sum of the gradient's
 * length (the coarea formula). Only what lies between a quarter and three quarters of the usual ink counts, so that neither
 * grain on the paper nor shades within the ink have outlines.
 */
export function strokeWidth({ width, height, values }: Plane): number {
  const usual = usualInk(values);
  // The row above, with a pixel of no ink at either end as there is outside of the image.
  const above = new Float64Array(width + 2);
  let area = 0;
  let outline = 0;
  for (let y = 0, index = 0; y <= height; y++) {
    let next = 0;
    for (let x = 0; x <= width; x++) {
      const ink = above[x] as number;
      const toRight = (above[x + 1] as number) - ink;
      const down = next - ink;
      area += ink;
      outline += Math.sqrt(toRight * toRight + down * down);
      above[x] = next;
      next = y < height && x < width ? share((2 * (values[index++] as number)) / usual - 0.5) : 0;
    }
  }
  return (2 * area) / outline;
}

/** Makes strokes wider by `radius` pixels on either side, softly at the edge; the image grows with them. */
export function thickened({ width, height, values }: Plane, radius: number): Plane {
  const margin = Math.ceil(radius);
  const size = { width: width + 2 * margin, height: height + 2 * margin };
  const target = new Float32Array(size.width * size.height);
  for (let dy = -margin; dy <= margin; dy++) {
    for (let dx = -margin; dx <= margin; dx++) {
      const share = Math.min(1, radius + 1 - Math.hypot(dx, dy));
      for (let y = 0; share > 0 && y < height; y++) {
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

function share(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** The mean of what is clearly ink. */
function usualInk(values: Float32Array): number {
  const least = 0.3 * strongest(values);
  let sum = 0;
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value < least) continue;
    sum += value;
    count++;
  }
  return sum / count;
}

export function strongest(values: Float32Array): number {
  let most = 0;
  for (let index = 0; index < values.length; index++)
    if ((values[index] as number) > most) most = values[index] as number;
  return most;
}
