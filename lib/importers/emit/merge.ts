import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { type Arithmetic, arithmetic, cast, comparison, scalar, select } from '../graph/ops/elementwise.js';
import { concat, expandDims } from '../graph/ops/shape.js';
import { isKeras, kerasMajor } from '../keras/keras-version.js';
import { readConfig, refused } from '../keras/read-layer.js';
import type { EmitCall, Emitter } from './emit.js';
import { withoutMask } from './identities.js';
import { concatenatedMask, mergedMask } from './merge-masks.js';
import { zeroMasked } from './score-masks.js';

/** The inputs of a merge layer with the same datatype. */
function operands(graph: GraphBuilder, { layer, args, inputs, kerasVersion }: EmitCall): readonly GraphValue[] {
  if (inputs.length === 0) throw refused(layer, 'it has no inputs');
  // HDF5 files of Keras 3 name functions, which broadcast otherwise, by the same classes.
  if (args.length > 1 || (args[0]?.kind !== 'list' && kerasMajor(kerasVersion) === 3)) {
    throw refused(layer, 'it takes one list of inputs; save the model as .keras');
  }
  const [first] = inputs;
  if (inputs.every(({ datatype }) => datatype === first?.datatype && datatype !== 'BOOL')) return inputs;
  return inputs.map((input) => cast(graph, input, 'FP32'));
}

/** Keras' broadcasting: inputs of fewer axes get axes of 1 behind the batch axis. Masks stay with those which have all axes. */
function sameRank(graph: GraphBuilder, inputs: readonly GraphValue[]): readonly GraphValue[] {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  if (inputs.every(({ shape }) => shape.length === rank)) return inputs;
  return inputs.map((input) => {
    let wide = withoutMask(input);
    while (wide.shape.length < rank) wide = expandDims(graph, wide, 1);
    return wide;
  });
}

/** One operation after the other over all inputs; `finish` on the result. */
const elementwise =
  (op: Arithmetic, finish?: (graph: GraphBuilder, result: GraphValue, count: number) => GraphValue): Emitter =>
  (graph, call) => {
    const inputs = sameRank(graph, operands(graph, call));
    const merged = inputs.reduce((a, b) => arithmetic(graph, op, a, b));
    const result = finish === undefined ? merged : finish(graph, merged, inputs.length);
    return [{ ...withoutMask(result), mask: mergedMask(graph, call) }];
  };

const emitSubtract: Emitter = (graph, call) => {
  if (call.inputs.length !== 2) throw refused(call.layer, 'it takes two inputs');
  return elementwise('Sub')(graph, call);
};

const average = elementwise('AddV2', (graph, sum, count) =>
  arithmetic(graph, 'RealDiv', cast(graph, sum, 'FP32'), scalar(graph, count)),
);

/** Since Keras 3.4: a masked step of one input takes the others' value. */
const extreme =
  (op: 'Maximum' | 'Minimum'): Emitter =>
  (graph, call) => {
    const inputs = sameRank(graph, operands(graph, call));
    const masked = isKeras(call.kerasVersion, 3, 4) && inputs.some(({ mask }) => mask !== undefined);
    if (!masked) return elementwise(op)(graph, call);
    const [first, ...others] = inputs.map((value) => ({ value, mask: featureMask(graph, value) }));
    const result = others.reduce(
      (merged, next) => {
        const right = next.mask === undefined ? next.value : select(graph, next.mask, next.value, merged.value);
        const left = merged.mask === undefined ? merged.value : select(graph, merged.mask, merged.value, right);
        const mask =
          next.mask === undefined || merged.mask === undefined
            ? undefined
            : comparison(graph, 'LogicalOr', merged.mask, next.mask);
        return { value: arithmetic(graph, op, left, right), mask };
      },
      first as { value: GraphValue; mask: GraphValue | undefined },
    );
    return [{ ...withoutMask(result.value), mask: mergedMask(graph, call) }];
  };

/** Since Keras 3.4: a masked step counts as 1; where all inputs are masked the product is 0. */
const emitMultiply: Emitter = (graph, call) => {
  const inputs = sameRank(graph, operands(graph, call));
  const masks = inputs.map((input) => featureMask(graph, input));
  if (!isKeras(call.kerasVersion, 3, 4) || masks.every((mask) => mask === undefined)) {
    return elementwise('Mul')(graph, call);
  }
  const one = (value: GraphValue) => scalar(graph, 1, value.datatype === 'INT32' ? 'INT32' : 'FP32');
  const factors = inputs.map((value, index) => {
    const mask = masks[index];
    return mask === undefined ? value : select(graph, mask, value, one(value));
  });
  const product = factors.reduce((a, b) => arithmetic(graph, 'Mul', a, b));
  if (masks.includes(undefined)) return [withoutMask(product)];
  const any = (masks as GraphValue[]).reduce((a, b) => comparison(graph, 'LogicalOr', a, b));
  return [{ ...withoutMask(zeroMasked(graph, product, any)), mask: mergedMask(graph, call) }];
};

/** [batch, time] → [batch, time, 1], which broadcasts over the features of a value with three axes. */
function featureMask(graph: GraphBuilder, { shape, mask }: GraphValue): GraphValue | undefined {
  if (mask === undefined) return undefined;
  if (mask.shape.length !== shape.length - 1) throw new RangeError(`a mask [${mask.shape}] doesn't fit [${shape}]`);
  return expandDims(graph, mask, -1);
}

const emitConcatenate: Emitter = (graph, call) => {
  const { axis } = readConfig(call.layer, v.object({ axis: v.optional(v.number(), -1) }));
  const inputs = operands(graph, call);
  const mask = concatenatedMask(graph, call, axis);
  return [{ ...withoutMask(concat(graph, inputs, axis)), mask }];
};

export const merge: Readonly<Record<string, Emitter>> = {
  Add: elementwise('AddV2'),
  Subtract: emitSubtract,
  Multiply: emitMultiply,
  Average: average,
  Maximum: extreme('Maximum'),
  Minimum: extreme('Minimum'),
  Concatenate: emitConcatenate,
};
