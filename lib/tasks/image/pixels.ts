/** A decoded image: 4 bytes a pixel (red, green, blue, alpha; not premultiplied), row by row from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** One channel of an image, 0–255. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** The brightness that Rec. ITU-R BT.601 gives a colour, 0–255. */
export function luminance(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}
