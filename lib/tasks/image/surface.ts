/** Points of an image: where they are (0 in the middle, ±1 at the ends of the longer side) and their red, green, blue. */
export interface Points {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly colours: Float32Array;
}

/** c₀ + c₁x + c₂y + c₃x² + c₄xy + c₅y² for each of red, green and blue. */
export type Surface = readonly [red: Float64Array, green: Float64Array, blue: Float64Array];

const unknowns = 6;
const columns = unknowns + 3;

export function levelSurface(colour: readonly number[]): Surface {
  return colour.map((value) => Float64Array.of(value, 0, 0, 0, 0, 0)) as unknown as Surface;
}

export function heightAt(c: Float64Array, x: number, y: number): number {
  const at = (index: number): number => c[index] as number;
  return at(0) + x * (at(1) + at(3) * x + at(4) * y) + y * (at(2) + at(5) * y);
}

/** The factors of 1, x and x² along a row of a surface. */
export function alongRow(c: Float64Array, y: number): readonly [number, number, number] {
  const at = (index: number): number => c[index] as number;
  return [at(0) + y * (at(2) + at(5) * y), at(1) + at(4) * y, at(3)];
}

/** What a bend of 1 costs, in the squared distance of a point: light is even enough not to follow the strokes of a narrow image. */
const stiffness = 0.003;

/** The surface nearest to some of the points, at least one (least squares with a penalty, by the normal equations). */
export function fitSurface({ x, y, colours }: Points, takes: (index: number) => boolean): Surface {
  // One row for each unknown: its factors in the equation, then the right-hand side of each channel.
  const rows = new Float64Array(unknowns * columns);
  const terms = new Float64Array(columns);
  for (let index = 0; index < x.length; index++) {
    if (!takes(index)) continue;
    const px = x[index] as number;
    const py = y[index] as number;
    terms[0] = 1;
    terms[1] = px;
    terms[2] = py;
    terms[3] = px * px;
    terms[4] = px * py;
    terms[5] = py * py;
    for (let part = 0; part < 3; part++) terms[unknowns + part] = colours[index * 3 + part] as number;
    for (let row = 0, at = 0; row < unknowns; row++) {
      const term = terms[row] as number;
      for (let column = 0; column < columns; column++, at++) {
        rows[at] = (rows[at] as number) + term * (terms[column] as number);
      }
    }
  }
  const count = rows[0] as number;
  for (let unknown = 1; unknown < unknowns; unknown++) {
    const diagonal = unknown * (columns + 1);
    rows[diagonal] = (rows[diagonal] as number) + stiffness * count;
  }
  return solved(Array.from({ length: unknowns }, (_, row) => rows.subarray(row * columns, (row + 1) * columns)));
}

/** Gauss and Jordan. The matrix is symmetric and positive definite, so that no pivot need be looked for. */
function solved(rows: readonly Float64Array[]): Surface {
  for (const [unknown, row] of rows.entries()) {
    const pivot = row[unknown] as number;
    for (const other of rows) {
      if (other === row) continue;
      const factor = (other[unknown] as number) / pivot;
      row.forEach((value, column) => {
        other[column] = (other[column] as number) - factor * value;
      });
    }
  }
  const channel = (part: number): Float64Array =>
    Float64Array.from(rows, (row, unknown) => (row[unknowns + part] as number) / (row[unknown] as number));
  return [channel(0), channel(1), channel(2)];
}
