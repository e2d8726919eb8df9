import { readFile, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { describeValue, ModeletError } from '../core/errors.js';
import {
  arrayOf,
  elementCount,
  fitsShape,
  formatShape,
  makeTensor,
  type Signature,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from '../core/tensor.js';
import type { Example } from './prove.js';

/** More than the examples of any model need. */
const largestBytes = 256 * 1024 * 1024;

const tensorSchema = v.object({
  name: v.string(),
  // Without numbers there is nothing to prove.
  shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
  dtype: v.string(),
  data: v.array(v.union([v.pipe(v.number(), v.finite()), v.boolean()])),
});
const goldenSchema = v.object({
  keras_version: v.optional(v.string()),
  tensorflow_version: v.optional(v.string()),
  inputs: v.pipe(v.array(tensorSchema), v.nonEmpty()),
  outputs: v.pipe(v.array(tensorSchema), v.nonEmpty()),
});

type Stored = v.InferOutput<typeof tensorSchema>;

/**
 * Reads inputs and outputs that the model's own framework computed: `{"inputs": [{"name", "shape", "dtype", "data"}],
 * "outputs": […]}`, `data` flat in row-major order. Tensors are matched by name, or by order where no name fits.
 * @returns the example, and who computed it
 * @throws INVALID_INPUT saying what does not fit the model
 */
export async function readGoldenFile(path: string, signature: Signature): Promise<{ by: string; example: Example }> {
  const refuse = (why: string): never => {
    const right = 'it should be like {"inputs": [{"name", "shape", "dtype", "data"}], "outputs": [...]}';
    throw new ModeletError('INVALID_INPUT', `golden file ${path}: ${why}; ${right}`);
  };
  let json: unknown;
  try {
    if ((await stat(path)).size > largestBytes) return refuse(`is larger than ${largestBytes} bytes`);
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof ModeletError) throw error;
    return refuse(error instanceof SyntaxError ? 'is not JSON' : `can't be read: ${(error as Error).message}`);
  }
  const parsed = v.safeParse(goldenSchema, json, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return refuse(`${v.getDotPath(issue) ?? 'its content'} is ${describeValue(issue.input)}`);
  }
  const { inputs, outputs, keras_version: keras, tensorflow_version: tensorflow } = parsed.output;
  const maker = keras !== undefined ? `Keras ${keras}` : tensorflow !== undefined ? `TensorFlow ${tensorflow}` : path;
  const example = {
    inputs: match(inputs, signature.inputs, 'input', refuse),
    outputs: match(outputs, signature.outputs, 'output', refuse),
  };
  return { by: `${maker} (golden file)`, example };
}

function match(
  stored: readonly Stored[],
  specs: readonly TensorSpec[],
  kind: string,
  refuse: (why: string) => never,
): Tensors {
  const names = specs.map(({ name }) => name);
  if (stored.length !== specs.length) refuse(`has ${stored.length} ${kind}(s), the model has ${names.join(', ')}`);
  const byName = names.every((name) => stored.some((tensor) => tensor.name === name));
  const places = placesOf(names);
  const listed = stored.map(({ name }) => name).join(', ');
  const byOrder = `; matched by order, as its names (${listed}) are not the model's (${names.join(', ')})`;
  return new Map(
    specs.map((spec, index) => {
      const found = byName ? stored.find(({ name }) => name === spec.name) : stored[places[index] as number];
      return [spec.name, toTensor(found as Stored, spec, kind, (why) => refuse(byName ? why : `${why}${byOrder}`))];
    }),
  );
}

/** By order; but TensorFlow calls what Keras exports `output_0`, `output_1` …, and lists them in any order. */
function placesOf(names: readonly string[]): number[] {
  const numbered = names.map((name) => Number(/^output_(\d+)$/.exec(name)?.[1] ?? Number.NaN));
  const all = [...numbered].sort((a, b) => a - b).every((place, index) => place === index);
  return all ? numbered : names.map((_, index) => index);
}

function toTensor({ shape, data }: Stored, spec: TensorSpec, kind: string, refuse: (why: string) => never): Tensor {
  const { name, datatype } = spec;
  if (data.length !== elementCount(shape)) refuse(`${kind} '${name}' has ${data.length} numbers for shape [${shape}]`);
  if (!fitsShape(spec.shape, shape)) {
    refuse(`${kind} '${name}' has shape [${shape}], the model's is ${formatShape(spec.shape)}`);
  }
  if (datatype !== 'FP32' && data.some((value) => !Number.isInteger(Number(value)))) {
    refuse(`${kind} '${name}' is ${datatype}, but holds fractions`);
  }
  const tensor = makeTensor(datatype, shape, arrayOf[datatype].from(data.map(Number)));
  // Numbers that the type can't hold wrap around, or become infinite.
  const held = data.every((value, i) =>
    datatype === 'FP32' ? Number.isFinite(tensor.data[i]) : Number(value) === tensor.data[i],
  );
  const limits = datatype !== 'BOOL' || tensor.data.every((value) => value <= 1);
  if (!held || !limits) refuse(`${kind} '${name}' is ${datatype}, but holds numbers beyond it`);
  return tensor;
}
