/** A decoded image: 4 bytes a pixel (red, green, blue, alpha; not premultiplied), row by row from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** An image on its way to a network: the channels of a pixel side by side, row by row from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Uint8Array | Float32Array;
}

/** The brightness that Rec. ITU-R BT.601 gives a colour, 0–255. */
export function luminance(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/**
 * Lays an image over an even background; the pixels of one without transparency are only handed on.
 * @param background asked only where something shows through
 */
export function flattened(pixels: Pixels, background: (pixels: Pixels) => 0 | 255): Raster {
  const { width, height, rgba } = pixels;
  return { width, height, channels: 4, values: isOpaque(rgba) ? rgba : composed(rgba, background(pixels)) };
}

function isOpaque(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
  return true;
}

function composed(rgba: Uint8Array, background: number): Uint8Array {
  const values = new Uint8Array(rgba.length);
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = (rgba[at + 3] as number) / 255;
    for (let part = at; part < at + 3; part++) {
      values[part] = background + ((rgba[part] as number) - background) * alpha + 0.5; // a byte drops the fraction
    }
  }
  return values;
}

/** One channel. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}
