import { luminance, type Pixels, type Plane } from './pixels.js';
import { resize } from './resize.js';

/**
 * A photo at the network's size, stretched (as Keras' image loading does by default); transparency over white.
 * @returns [height, width, channels], 0–255
 */
export function preparePhoto(pixels: Pixels, width: number, height: number, channels: 1 | 3): Float32Array {
  const planes = overWhite(pixels, channels).map((plane) => resize(plane, width, height));
  const values = new Float32Array(width * height * channels);
  planes.forEach((plane, channel) => {
    for (let index = 0; index < plane.values.length; index++) {
      values[index * channels + channel] = plane.values[index] as number;
    }
  });
  return values;
}

function overWhite({ width, height, rgba }: Pixels, channels: 1 | 3): Plane[] {
  const planes = Array.from({ length: channels }, () => new Float32Array(width * height));
  for (let index = 0; index < width * height; index++) {
    const alpha = (rgba[index * 4 + 3] as number) / 255;
    const [red, green, blue] = [0, 1, 2].map((part) => 255 + ((rgba[index * 4 + part] as number) - 255) * alpha) as [
      number,
      number,
      number,
    ];
    const parts = channels === 1 ? [luminance(red, green, blue)] : [red, green, blue];
    parts.forEach((part, channel) => {
      (planes[channel] as Float32Array)[index] = part;
    });
  }
  return planes.map((values) => ({ width, height, values }));
}
