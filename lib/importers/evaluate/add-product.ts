/**
 * The inner loop of all products: adds a row vector times a matrix to a part of `target`:
 * target[at + j] += Σ over i < count of vector[from + i] · matrix[first + i · stride + j], for j < width.
 *
 * Four rows of the matrix go in one pass, which halves the time: the sum is read and written once for four products.
 */
export function addProduct(
  target: Float64Array,
  at: number,
  width: number,
  vector: Float64Array,
  from: number,
  count: number,
  matrix: Float64Array,
  first: number,
  stride: number,
): void {
  let i = 0;
  for (; i + 3 < count; i += 4) {
    const [a, b] = [vector[from + i] as number, vector[from + i + 1] as number];
    const [c, d] = [vector[from + i + 2] as number, vector[from + i + 3] as number];
    const rowA = first + i * stride;
    const [rowB, rowC, rowD] = [rowA + stride, rowA + 2 * stride, rowA + 3 * stride];
    for (let j = 0; j < width; j++) {
      const sum = a * (matrix[rowA + j] as number) + b * (matrix[rowB + j] as number);
      target[at + j] =
        (target[at + j] as number) + sum + c * (matrix[rowC + j] as number) + d * (matrix[rowD + j] as number);
    }
  }
  for (; i < count; i++) {
    const a = vector[from + i] as number;
    const row = first + i * stride;
    for (let j = 0; j < width; j++) {
      target[at + j] = (target[at + j] as number) + a * (matrix[row + j] as number);
    }
  }
}
