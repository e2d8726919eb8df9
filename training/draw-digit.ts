/** The pen's ways, in hundredths of the side, as a person draws each digit. */
const strokes = [
  [
    [50, 18],
    [61, 22],
    [69, 36],
    [70, 54],
    [64, 72],
    [51, 82],
    [38, 75],
    [31, 58],
    [31, 40],
    [38, 25],
    [50, 18],
  ],
  [
    [40, 31],
    [54, 18],
    [52, 50],
    [51, 82],
  ],
  [
    [31, 34],
    [38, 22],
    [51, 18],
    [64, 24],
    [67, 37],
    [58, 53],
    [43, 68],
    [30, 80],
    [50, 78],
    [72, 80],
  ],
  [
    [32, 24],
    [46, 18],
    [61, 22],
    [65, 34],
    [58, 45],
    [46, 48],
    [60, 51],
    [69, 63],
    [63, 77],
    [47, 82],
    [32, 76],
  ],
  [
    [38, 19],
    [34, 38],
    [32, 54],
    [50, 54],
    [70, 52],
    [65, 30],
    [62, 56],
    [60, 83],
  ],
  [
    [68, 19],
    [40, 20],
    [36, 45],
    [51, 42],
    [65, 49],
    [69, 62],
    [62, 76],
    [47, 82],
    [32, 76],
  ],
  [
    [62, 18],
    [47, 29],
    [36, 46],
    [32, 63],
    [38, 77],
    [52, 82],
    [64, 76],
    [67, 63],
    [58, 53],
    [44, 55],
    [34, 66],
  ],
  [
    [25, 27],
    [38, 24],
    [55, 25],
    [74, 23],
    [66, 42],
    [55, 62],
    [48, 82],
  ],
  [
    [63, 26],
    [52, 18],
    [39, 22],
    [36, 34],
    [49, 47],
    [64, 60],
    [65, 75],
    [51, 82],
    [37, 76],
    [37, 62],
    [50, 47],
    [64, 34],
    [63, 26],
  ],
  [
    [66, 30],
    [56, 19],
    [42, 20],
    [34, 33],
    [40, 46],
    [54, 47],
    [66, 33],
    [66, 52],
    [63, 68],
    [59, 83],
  ],
] as const;

/** Half the pen's width, in hundredths of the side. */
const pen = 4.2;

/**
 * A digit as a person draws one: no image of a data set, so it may stand in the repository and in a manifest.
 * @param digit 0 to 9
 * @returns grey pixels, dark on white
 */
export function drawDigit(digit: number, side: number): Uint8Array {
  const way: readonly Point[] = strokes[digit] ?? [];
  const unit = side / 100;
  return Uint8Array.from({ length: side * side }, (_, index) => {
    const x = ((index % side) + 0.5) / unit;
    const y = (Math.floor(index / side) + 0.5) / unit;
    const distance = Math.min(...way.slice(1).map((to, at) => distanceToSegment(x, y, way[at] ?? to, to)));
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
