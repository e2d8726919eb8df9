import { ModeletError } from '../../core/errors.js';
import { elementCount } from '../../core/tensor.js';
import { addProduct } from './add-product.js';
import { type NdArray, ndArray, zeros } from './array.js';
import { transpose } from './axes.js';

/**
 * numpy.einsum of two arrays. Letters in both and in the output are looped over, those in both but not in the output summed;
 * `...` stands for any axes of the first array and has to be in the output.
 * @throws ModeletError INVALID_INPUT for an equation that isn't one of these, or sizes that disagree
 */
export function einsum(equation: string, a: NdArray, b: NdArray, layerName: string): NdArray {
  const wrong = (problem: string) =>
    new ModeletError('INVALID_INPUT', `layer '${layerName}': ${problem} in equation '${equation}'; correct it`);
  const parts = /^(\.{3})?([A-Za-z]*)(\.{3})?,([A-Za-z]+)->(\.{3})?([A-Za-z]*)(\.{3})?$/.exec(
    equation.replaceAll(' ', ''),
  );
  if (parts === null) throw wrong('there is nothing that can be evaluated');
  const [
    ,
    leading = '',
    lettersA = '',
    trailing = '',
    lettersB = '',
    outLeading = '',
    lettersOut = '',
    outTrailing = '',
  ] = parts;
  if (leading !== outLeading || trailing !== outTrailing) throw wrong('the dots of input and output differ');
  // The axes which dots stand for, as digits.
  const dots = [...Array(Math.max(a.shape.length - lettersA.length, 0)).keys()].join('');
  const expand = (before: string, letters: string, after: string) => [
    ...(before && dots),
    ...letters,
    ...(after && dots),
  ];
  const [ofA, ofB, ofOut] = [
    expand(leading, lettersA, trailing),
    [...lettersB],
    expand(outLeading, lettersOut, outTrailing),
  ];
  const sizes = new Map<string, number>();
  for (const [letters, { shape }] of [
    [ofA, a],
    [ofB, b],
  ] as const) {
    if (letters.length !== shape.length || new Set(letters).size !== letters.length)
      throw wrong('ranks or letters clash');
    letters.forEach((letter, axis) => {
      if ((sizes.get(letter) ?? shape[axis]) !== shape[axis]) throw wrong(`${letter} has two sizes`);
      sizes.set(letter, shape[axis] ?? 1);
    });
  }
  const only = (letters: readonly string[], test: (letter: string) => boolean) => letters.filter(test);
  const looped = only(ofA, (l) => ofB.includes(l) && ofOut.includes(l));
  const summed = only(ofA, (l) => ofB.includes(l) && !ofOut.includes(l));
  const freeA = only(ofA, (l) => !ofB.includes(l));
  const freeB = only(ofB, (l) => !ofA.includes(l));
  const computed = [...looped, ...freeA, ...freeB];
  if ([...computed].sort().join() !== [...ofOut].sort().join())
    throw wrong('the output has other letters than the inputs');

  const count = (letters: readonly string[]) => elementCount(letters.map((letter) => sizes.get(letter) ?? 1));
  const order = (letters: readonly string[], from: readonly string[]) => letters.map((letter) => from.indexOf(letter));
  const left = transpose(a, order([...looped, ...freeA, ...summed], ofA)).data;
  const right = transpose(b, order([...looped, ...summed, ...freeB], ofB)).data;
  const product = multiplyMatrices(left, right, count(looped), count(freeA), count(summed), count(freeB));
  const shape = computed.map((letter) => sizes.get(letter) ?? 1);
  return transpose(ndArray(shape, product), order(ofOut, computed));
}

/** Matrix products of `batch` pairs: [rows, inner] · [inner, columns]. */
export function multiplyMatrices(
  left: Float64Array,
  right: Float64Array,
  batch: number,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  const product = zeros([batch, rows, columns]);
  for (let row = 0; row < batch * rows; row++) {
    const matrix = Math.floor(row / rows) * inner * columns;
    addProduct(product, row * columns, columns, left, row * inner, inner, right, matrix, columns);
  }
  return product;
}
