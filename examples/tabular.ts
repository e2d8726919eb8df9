import * as v from 'valibot';
import { defineTask, invalidInput, ModeletError, makeTensor } from '../lib/index.js';

const scaled = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty()),
  mean: v.number(),
  std: v.pipe(v.number(), v.gtValue(0)),
});

/**
 * One row of a table: `{"area": 80, "rooms": 3, "age": 12}` in, the predicted quantities by name out. Columns were
 * standardised for training, x ↦ (x − mean) / std; the means and deviations are options, so they travel with the weights.
 */
export const tabular = defineTask({
  name: 'tabular@1',
  options: v.strictObject({ columns: v.array(scaled), predicts: v.array(scaled) }),
  mediaTypes: [],

  // Once a version, before anything is predicted: do the options fit the model?
  check: ({ options, signature }) => {
    const [input, output] = [signature.inputs[0]?.shape.at(-1), signature.outputs[0]?.shape.at(-1)];
    if (input === options.columns.length && output === options.predicts.length) return;
    const has = `${options.columns.length} columns and ${options.predicts.length} predictions`;
    throw new ModeletError(
      'MODEL_CORRUPT',
      `the model takes ${input} numbers and gives ${output}, the task has ${has}`,
    );
  },

  // What a person sends → the network's input, one example without the batch axis.
  preprocess: (instance, { options: { columns }, signature }, field) => {
    if (instance.kind === 'file') throw invalidInput(field, `send an object with ${columns.map(nameOf).join(', ')}`);
    const row = columns.map(({ name, mean, std }) => {
      const value = instance.value[name];
      if (typeof value !== 'number') throw invalidInput(`${field}.${name}`, 'expected a number');
      return (value - mean) / std;
    });
    const input = signature.inputs[0]?.name ?? '';
    return new Map([[input, makeTensor('FP32', [row.length], Float32Array.from(row))]]);
  },

  // The network's output → the fields of the answer.
  postprocess: (outputs, { options: { predicts } }) => {
    const [output] = outputs.values();
    const values = predicts.map(({ name, mean, std }, index) => [name, Number(output?.data[index]) * std + mean]);
    return { predicted: Object.fromEntries(values) };
  },
});

const nameOf = ({ name }: { readonly name: string }): string => name;
