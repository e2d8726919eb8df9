import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, comparison, scalar, select } from '../graph/ops/elementwise.js';
import { reduce } from '../graph/ops/reduce.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type Emitter, onlyInput } from './emit.js';
import { clip } from './shrinks.js';
import { spatialInput } from './spatial.js';

const schema = v.object({ value_range: v.optional(v.tuple([v.number(), v.number()]), [0, 255]) });

/** Each image's channels stretched to the whole range of values; one of a single value stays as it is. */
const emitAutoContrast: Emitter = (graph, call) => {
  const [least, most] = readConfig(call.layer, schema).value_range;
  if (onlyInput(call).datatype !== 'FP32')
    throw refused(call.layer, 'it rounds whole numbers; give the model an input of float32');
  const x = spatialInput(graph, call, 2);
  const bytes = linear(graph, x, 255 / (most - least), (-255 * least) / (most - least));
  // Keras' axes in either data format.
  const [low, high] = (['Min', 'Max'] as const).map((op) => reduce(graph, op, bytes, [1, 2], true)) as [
    GraphValue,
    GraphValue,
  ];
  const scale = arithmetic(graph, 'RealDiv', scalar(graph, 255), arithmetic(graph, 'Sub', high, low));
  const offset = arithmetic(graph, 'Mul', low, scale);
  const stretched = clip(graph, arithmetic(graph, 'Sub', arithmetic(graph, 'Mul', bytes, scale), offset), 0, 255);
  const result = linear(graph, stretched, (most - least) / 255, least);
  // There the division is by 0, and Keras takes the image itself for the NaN that comes of it.
  return [select(graph, comparison(graph, 'Equal', high, low), x, result)];
};

function linear(graph: GraphBuilder, x: GraphValue, scale: number, offset: number): GraphValue {
  const scaled = scale === 1 ? x : arithmetic(graph, 'Mul', x, scalar(graph, scale));
  return offset === 0 ? scaled : arithmetic(graph, 'AddV2', scaled, scalar(graph, offset));
}

export const autoContrast: Readonly<Record<string, Emitter>> = { AutoContrast: emitAutoContrast };
