import { expect, test } from '@jest/globals';
import { makeTensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import { createGraphBuilder, type GraphValue } from '../../lib/importers/graph/graph-builder.js';
import { writeModelJson } from '../../lib/importers/graph/model-json.js';
import { withDraft } from '../../lib/publishing/load-draft.js';
import { openEngine } from '../../lib/runtime/open-engine.js';

const numbers = (shape: number[], start: number) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return makeTensor(
    'FP32',
    shape,
    Float32Array.from({ length: count }, (_, index) => ((index * 7 + start) % 13) - 6),
  );
};

/** The product by its definition, with NumPy's broadcasting of the leading axes. */
function expected(a: ReturnType<typeof numbers>, b: ReturnType<typeof numbers>, batch: number[]): number[] {
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(-1) as number;
  const matrices = batch.reduce((product, size) => product * size, 1);
  const start = (shape: readonly number[], index: number): number => {
    let rest = index;
    let at = 0;
    let stride = (shape.at(-1) as number) * (shape.at(-2) as number);
    for (let back = 1; back <= batch.length; back++) {
      const size = batch.at(-back) as number;
      const own = shape.at(-2 - back) ?? 1;
      if (own !== 1) at += (rest % size) * stride;
      stride *= own;
      rest = Math.floor(rest / size);
    }
    return at;
  };
  return Array.from({ length: matrices * rows * columns }, (_, place) => {
    const matrix = Math.floor(place / (rows * columns));
    const [row, column] = [Math.floor(place / columns) % rows, place % columns];
    const [atA, atB] = [start(a.shape, matrix), start(b.shape, matrix)];
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += (a.data[atA + row * inner + k] as number) * (b.data[atB + k * columns + column] as number);
    }
    return sum;
  });
}

// TF.js' own kernels pair the matrices of the first four wrongly, on cpu and wasm alike.
test.each([
  [
    [2, 1, 2, 3],
    [1, 3, 3, 2],
    [2, 3],
  ],
  [
    [2, 3, 2, 3],
    [2, 1, 3, 2],
    [2, 3],
  ],
  [
    [2, 1, 2, 2, 3],
    [2, 3, 1, 3, 2],
    [2, 3, 2],
  ],
  [
    [4, 1, 2, 3],
    [3, 3, 2],
    [4, 3],
  ],
  [
    [2, 3, 2, 3],
    [3, 3, 2],
    [2, 3],
  ],
  [
    [2, 3, 2, 3],
    [1, 1, 3, 2],
    [2, 3],
  ],
])('[%j] × [%j]: every pair of matrices, on wasm and on cpu', async (left, right, batch) => {
  const [a, b] = [numbers(left, 1), numbers(right, 5)];
  const graph = createGraphBuilder();
  const [x, y] = [a, b].map(({ shape }, index) =>
    graph.input({ name: 'ab'[index] as string, datatype: 'FP32', shape }),
  );
  const attributes = { adj_x: attribute.flag(false), adj_y: attribute.flag(false) };
  const shape = [...batch, left.at(-2) as number, right.at(-1) as number];
  const product = graph.node('BatchMatMulV2', [x, y] as GraphValue[], attributes, { datatype: 'FP32', shape });
  const finished = graph.finish([{ name: 'y', value: product }]);
  const draft = { files: writeModelJson(finished), signature: finished.signature };
  for (const backend of ['wasm', 'cpu']) {
    const outputs = await withDraft(await openEngine(backend, { plans: false }), draft, (model) =>
      model.predict(
        new Map([
          ['a', a],
          ['b', b],
        ]),
      ),
    );
    expect([...(outputs.get('y')?.data ?? [])]).toEqual(expected(a, b, batch));
  }
});
