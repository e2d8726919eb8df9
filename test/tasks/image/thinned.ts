/**
 * Strokes of 1s in a square image → lines one pixel wide along their middle. (T. Y. Zhang, C. Y. Suen: "A fast parallel algorithm
 * for thinning digital patterns", Communications of the ACM 27, 1984.)
 */
export function thinned(strokes: ArrayLike<number>, side: number): Uint8Array {
  const image = Uint8Array.from(strokes);
  const around = [-side, 1 - side, 1, side + 1, side, side - 1, -1, -side - 1]; // P2…P9: clockwise from above
  let inside = [...image.keys()].filter((at) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    return x > 0 && y > 0 && x < side - 1 && y < side - 1 && image[at] === 1;
  });
  const isRemovable = (at: number, first: boolean): boolean => {
    const [n, ne, e, se, s, sw, w, nw] = around.map((offset) => image[at + offset] as number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const ring = [n, ne, e, se, s, sw, w, nw];
    const neighbours = ring.reduce((sum, on) => sum + on, 0);
    const starts = ring.filter((on, index) => on === 0 && ring[(index + 1) % 8] === 1).length;
    if (neighbours < 2 || neighbours > 6 || starts !== 1) return false;
    return first ? n * e * s === 0 && e * s * w === 0 : n * e * w === 0 && n * s * w === 0;
  };
  for (let removed = 1; removed > 0; ) {
    removed = 0;
    for (const first of [true, false]) {
      const gone = inside.filter((at) => isRemovable(at, first));
      for (const at of gone) image[at] = 0;
      inside = inside.filter((at) => image[at] === 1);
      removed += gone.length;
    }
  }
  return image;
}
