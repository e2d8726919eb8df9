import * as v from 'valibot';
import { ModeletError } from './errors.js';
import type { Signature } from './tensor.js';

/** Checksums cover whole files and parts of this many bytes, so that ranged reads can be verified as they arrive. */
export const partBytes = 8 * 1024 * 1024;

/** Model and alias names: they become function names, route parts and keys. */
export const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** Versions are whole numbers from 1, as text: TensorFlow Serving knows no other. */
export const versionPattern = /^[1-9][0-9]{0,8}$/;

/** Every part of a file's name starts with a letter or digit: no `..`, nothing hidden, nothing leaves the version's folder. */
export const fileNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,7}$/;

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const size = v.pipe(v.number(), v.integer(), v.minValue(0));
const datatype = v.picklist(['FP32', 'INT32', 'BOOL']);
const dimension = v.pipe(v.number(), v.integer(), v.minValue(-1));
const specs = v.array(v.object({ name: v.pipe(v.string(), v.nonEmpty()), datatype, shape: v.array(dimension) }));
const shapes = v.array(size);

/** The largest difference of an output, and the same relative to max(1, |expected|). */
const differences = v.array(v.object({ name: v.string(), absolute: v.number(), relative: v.number() }));

const fileName = v.pipe(v.string(), v.regex(fileNamePattern));

/** A tensor's elements as little-endian bytes, exact to the bit: in base64, or as one of `files` where they are many. */
const storedTensor = v.pipe(
  v.object({
    name: v.string(),
    datatype,
    shape: shapes,
    base64: v.optional(v.pipe(v.string(), v.base64())),
    file: v.optional(fileName),
  }),
  v.check(({ base64, file }) => (base64 === undefined) !== (file === undefined), 'Expected either base64 or file'),
);

const manifestSchema = v.object({
  format: v.literal('modelet/1'),
  model: v.pipe(v.string(), v.regex(namePattern)),
  version: v.pipe(v.string(), v.regex(versionPattern)),
  created: v.pipe(v.string(), v.isoTimestamp()),
  description: v.optional(v.string()),
  licence: v.optional(v.string()),
  /** What it was made from, e.g. `{"format": "tfjs-layers", "tool": "training/digits.ts"}`. */
  source: v.object({ format: v.string(), tool: v.optional(v.string()) }),
  /** Files of the version beside this one; `variables/variables.index` in a SavedModel. */
  files: v.array(
    v.object({
      name: fileName,
      bytes: size,
      sha256,
      parts: v.array(sha256),
    }),
  ),
  signature: v.object({ inputs: specs, outputs: specs }),
  /** The files are a TensorFlow SavedModel instead of a TF.js graph model: which of its graphs and signatures is served. */
  savedModel: v.optional(v.object({ tags: v.array(v.string()), signature: v.string() })),
  task: v.object({ name: v.string(), options: v.record(v.string(), v.unknown()) }),
  /** Input and output that another implementation computed (`by`); an engine must reproduce it before it may serve. */
  golden: v.object({
    by: v.string(),
    /** Largest |difference| allowed, relative to max(1, |expected|). */
    tolerance: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    inputs: v.array(storedTensor),
    outputs: v.array(storedTensor),
  }),
  /** What publish measured: the float32 form on `backend` against values that `by` computed. */
  parity: v.optional(v.array(v.object({ by: v.string(), backend: v.string(), outputs: differences }))),
  /** How kernels are stored, and what that changes in the outputs. */
  quantization: v.optional(v.object({ dtype: v.picklist(['float16', 'uint8']), outputs: differences })),
  /**
   * How the wasm engine runs it: by the plan in `planFiles`, made for these kernels (`kernelAbi`), or on TF.js for a reason. Where
   * nothing is said, it is planned when it is loaded.
   */
  plan: v.optional(v.union([v.object({ kernels: size }), v.object({ reason: v.string() })])),
  metrics: v.record(v.string(), v.number()),
});

export type Manifest = Omit<v.InferOutput<typeof manifestSchema>, 'signature'> & { readonly signature: Signature };
export type FileEntry = Manifest['files'][number];

/** Files that hold tensors of the golden example. */
export function goldenFiles({ golden }: Pick<Manifest, 'golden'>): string[] {
  return [...golden.inputs, ...golden.outputs].flatMap(({ file }) => file ?? []);
}

/** A stored plan: the graph that it is made of, and its constants as they lie in the heap. */
export const planFiles = { graph: 'plan/plan.json', constants: 'plan/constants.bin' } as const;

/** What the model itself is: a graph and its weights, or a SavedModel. */
export function modelFiles(manifest: Pick<Manifest, 'files' | 'golden' | 'plan'>): FileEntry[] {
  const ofPlan = manifest.plan === undefined || 'reason' in manifest.plan ? [] : Object.values<string>(planFiles);
  const others = [...goldenFiles(manifest), ...ofPlan];
  return manifest.files.filter(({ name }) => !others.includes(name));
}

/** Bytes of a version's weights once they are loaded: quantized ones are float32 again. At least what they are. */
export function weightBytes(manifest: Pick<Manifest, 'files' | 'golden' | 'plan' | 'quantization'>): number {
  const grows = { float16: 2, uint8: 4, none: 1 }[manifest.quantization?.dtype ?? 'none'];
  return grows * modelFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Reads a manifest's bytes.
 * @throws MODEL_CORRUPT naming the first field that is wrong
 */
export function parseManifest(bytes: Uint8Array, where: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new ModeletError('MODEL_CORRUPT', `${where} is not JSON; publish the version again`, { cause });
  }
  const parsed = v.safeParse(manifestSchema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new ModeletError('MODEL_CORRUPT', `${where}: ${v.getDotPath(issue) ?? 'manifest'}: ${issue.message}`);
}
