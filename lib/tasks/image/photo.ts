import { flattened, luminance, type Pixels } from './pixels.js';
import { resize } from './resize.js';

/**
 * A photo at the network's size, stretched (as Keras' image loading does by default); transparency over white.
 * @returns [height, width, channels], 0–255
 */
export function preparePhoto(pixels: Pixels, width: number, height: number, channels: 1 | 3): Float32Array {
  const { values: rgba } = resize(
    flattened(pixels, () => 255),
    width,
    height,
  );
  const values = new Float32Array(width * height * channels);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const red = rgba[from] as number;
    const green = rgba[from + 1] as number;
    const blue = rgba[from + 2] as number;
    if (channels === 1) {
      values[to++] = luminance(red, green, blue);
    } else {
      values[to++] = red;
      values[to++] = green;
      values[to++] = blue;
    }
  }
  return values;
}
