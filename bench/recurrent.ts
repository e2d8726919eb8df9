import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Manifest } from '../lib/core/manifest.js';
import { makeTensor, type Tensors } from '../lib/core/tensor.js';
import { filesAtHand } from '../lib/core/version-files.js';
import * as attribute from '../lib/importers/graph/attributes.js';
import { createGraphBuilder, type GraphValue } from '../lib/importers/graph/graph-builder.js';
import { writeModelJson } from '../lib/importers/graph/model-json.js';
import { openEngine } from '../lib/runtime/open-engine.js';
import type { Bench, Row } from './bench.js';
import { interleave } from './interleave.js';

const [steps, features, units] = [100, 32, 64];
const networks = { 'LSTM(64)': ['lstm'], 'GRU(64)': ['gru'], 'LSTM(64) → LSTM(64)': ['lstm', 'lstm'] } as const;
const batches = [1, 8, 64];

/**
 * Recurrent layers as `ModeletRecurrent` beside TF.js' own layers, 100 steps of 32 features, both on wasm in one process. Each
 * makes its input tensor and reads its output; both hold the same weights, and must agree.
 */
export const recurrent: Bench = {
  name: 'recurrent',
  summary: 'ModeletRecurrent against the layers of TF.js',
  run: async (onProgress) => {
    const engine = await openEngine('wasm');
    const rows: Row[] = [];
    const cases = Object.entries(networks).flatMap(([name, kinds]) => batches.map((batch) => ({ name, kinds, batch })));
    for (const [index, { name, kinds, batch }] of cases.entries()) {
      const { graph, files } = graphModel(kinds);
      const manifest = { model: 'bench', version: '1', signature: graph.signature, files: entries(files) };
      const ours = await engine.load(manifest as unknown as Manifest, filesAtHand(files));
      const theirs = layersModel(kinds);
      const x = random(batch * steps * features, 1);
      const inputs: Tensors = new Map([['x', makeTensor('FP32', [batch, steps, features], x)]]);
      const variants = {
        layers: async () =>
          tf.tidy(() => (theirs.predict(tf.tensor(x, [batch, steps, features])) as tf.Tensor).dataSync<'float32'>()),
        modelet: async () => (await ours.predict(inputs)).get('y')?.data as Float32Array,
      };
      agree(await variants.layers(), await variants.modelet(), name);
      const rounds = 15;
      const sample = await interleave(variants, {
        rounds,
        calls: 4,
        onRound: (done) => onProgress((index + done / rounds) / cases.length),
      });
      rows.push({
        name: `${name}, batch ${batch}`,
        ...sample.modelet,
        ratio: sample.layers.median / sample.modelet.median,
      });
      ours.dispose();
      theirs.dispose();
    }
    const ratioOf = (name: string) => rows.find((row) => row.name === name)?.ratio;
    return {
      headline: { lstmBatch1: ratioOf('LSTM(64), batch 1'), lstmBatch64: ratioOf('LSTM(64), batch 64') },
      rows,
    };
  },
  table: ({ rows }) => [
    '| network | layers of TF.js, ms | ModeletRecurrent, ms | as quick |',
    '|---|---|---|---|',
    ...rows.map(({ name, median, ratio }) => {
      return `| ${name} | ${(median * ratio).toFixed(2)} | ${median.toFixed(2)} | ${ratio.toFixed(1)} × |`;
    }),
  ],
};

/** Numbers that look random, small enough to saturate nothing. */
function random(length: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, index) => 0.2 * Math.sin((index + 1) * 12.9898 + seed * 78.233));
}

type Kind = 'lstm' | 'gru';

/** kernel, recurrent_kernel and bias of a layer, by its place. */
function weightsOf(kind: Kind, place: number) {
  const columns = (kind === 'lstm' ? 4 : 3) * units;
  const shapes = [[place === 0 ? features : units, columns], [units, columns], [columns]];
  return shapes.map((shape, index) => ({
    shape,
    data: random(
      shape.reduce((a, b) => a * b),
      2 + 3 * place + index,
    ),
  }));
}

function layersModel(kinds: readonly Kind[]): layers.LayersModel {
  const model = layers.sequential();
  for (const [place, kind] of kinds.entries()) {
    const config = {
      units,
      returnSequences: place < kinds.length - 1,
      recurrentActivation: 'sigmoid' as const,
      recurrentInitializer: 'zeros' as const, // replaced below; the default one takes a second
      ...(place === 0 ? { inputShape: [steps, features] } : {}),
    };
    model.add(kind === 'lstm' ? layers.layers.lstm(config) : layers.layers.gru(config));
  }
  for (const [place, kind] of kinds.entries()) {
    model.layers[place]?.setWeights(weightsOf(kind, place).map(({ data, shape }) => tf.tensor(data, shape)));
  }
  return model;
}

function graphModel(kinds: readonly Kind[]) {
  const graph = createGraphBuilder();
  let value: GraphValue = graph.input({ name: 'x', datatype: 'FP32', shape: [-1, steps, features] });
  for (const [place, kind] of kinds.entries()) {
    const sequences = place < kinds.length - 1;
    const weights = weightsOf(kind, place).map(({ data, shape }) =>
      graph.constant(makeTensor('FP32', shape, data), `weight${place}`),
    );
    const attributes = {
      cell: attribute.text(kind),
      activation: attribute.text('tanh'),
      recurrent_activation: attribute.text('sigmoid'),
      use_bias: attribute.flag(true),
      return_sequences: attribute.flag(sequences),
    };
    const shape = sequences ? [-1, steps, units] : [-1, units];
    value = graph.node('ModeletRecurrent', [value, ...weights], attributes, { datatype: 'FP32', shape });
  }
  const finished = graph.finish([{ name: 'y', value }]);
  return { graph: finished, files: writeModelJson(finished) };
}

const entries = (files: ReadonlyMap<string, Uint8Array>) =>
  [...files].map(([name, { length: bytes }]) => ({ name, bytes, sha256: '', parts: [] }));

function agree(expected: Float32Array, actual: Float32Array, name: string): void {
  const apart = expected.findIndex((value, index) => !(Math.abs(value - (actual[index] as number)) < 1e-5));
  if (apart !== -1 || expected.length !== actual.length) throw new Error(`${name}: the two disagree`);
}
