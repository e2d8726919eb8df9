/** The pen's way, in hundredths of the side: over the top, down the slope. */
const strokes = [
  [25, 27],
  [38, 24],
  [55, 25],
  [74, 23],
  [66, 42],
  [55, 62],
  [48, 82],
] as const;

/** Half the pen's width, in hundredths of the side. */
const pen = 4.2;

/** A seven as a person draws one: no image of a data set, so it may stand in the repository and in a manifest. */
export function drawSeven(side: number): Uint8Array {
  const unit = side / 100;
  return Uint8Array.from({ length: side * side }, (_, index) => {
    const x = ((index % side) + 0.5) / unit;
    const y = (Math.floor(index / side) + 0.5) / unit;
    const distance = Math.min(...strokes.slice(1).map((to, at) => distanceToSegment(x, y, strokes[at] ?? to, to)));
    // One pixel of soft edge.
    const cover = Math.min(1, Math.max(0, (pen - distance) * unit + 0.5));
    return Math.round(255 * (1 - cover));
  });
}

type Point = readonly [number, number];

function distanceToSegment(x: number, y: number, [x0, y0]: Point, [x1, y1]: Point): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}
