import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { ModeletError } from '../core/errors.js';
import { tfDatatype } from '../core/tf-datatypes.js';
import { allNodes, type ExecutorGraph, type ExecutorNode, executorGraph } from './converter-graph.js';
import { repairConverter } from './converter-repairs.js';

/** An op that a graph holds and that would not answer, or not answer as TensorFlow does. */
export interface UnsupportedOp {
  readonly op: string;
  readonly node: string;
  /** What follows "the op … ". */
  readonly problem: string;
  /** Whether another backend could run it. */
  readonly elsewhere: boolean;
}

/** Ops of TF.js' converter whose kernels a backend of TF.js 4.22 lacks; a test holds this against the kernels registered. */
export const missingOps: Readonly<Record<string, ReadonlySet<string>>> = {
  wasm: new Set(
    (
      'Complex ComplexAbs Real Imag FFT IFFT RFFT IRFFT Einsum RaggedGather RaggedRange RaggedTensorToTensor ' +
      'StaticRegexReplace'
    ).split(' '),
  ),
  tensorflow: new Set(
    (
      'BitwiseAnd DenseBincount MaxPoolWithArgmax RaggedGather RaggedRange RaggedTensorToTensor LowerBound UpperBound ' +
      'ImageProjectiveTransformV3 SparseFillEmptyRows SparseReshape SparseSegmentMean SparseSegmentSum StringNGrams ' +
      'StringSplit StringToHashBucketFast'
    ).split(' '),
  ),
  cpu: new Set(),
};

const stateful = 'keeps a table beside the weights, which a version does not carry; look values up before the model';
const random = 'answers at random, and an answer must be repeatable; export the model in inference mode, without it';
const texts = 'works on text, of which modelet has no tensors; do that part in a task';
const layout =
  "is in the layout channels first, which TensorFlow.js takes for channels last; export it with data_format 'NHWC'";
const narrow =
  'computes in a narrow integer type, where TensorFlow wraps and TensorFlow.js does not; cast to int32 or float32';

/** Ops that TF.js' converter takes, and does something else than TensorFlow. */
const wrong: Readonly<Record<string, string>> = {
  ...each('HashTable HashTableV2 LookupTableImport LookupTableImportV2 LookupTableFind LookupTableFindV2', stateful),
  ...each('LookupTableSize LookupTableSizeV2 InitializeTable InitializeTableV2', stateful),
  ...each('RandomStandardNormal RandomUniform RandomUniformInt TruncatedNormal Multinomial', random),
  ...each('StaticRegexReplace StringNGrams StringSplit StringToHashBucketFast', texts),
  FakeQuantWithMinMaxVars: 'is skipped by TensorFlow.js; export the model without quantization-aware training',
  Mod: 'rounds towards zero in TensorFlow and down in TensorFlow.js; use FloorMod (`%`)',
  Reverse: 'takes flags, which TensorFlow.js reads as axes; use ReverseV2 (`tf.reverse`)',
  ImageProjectiveTransformV3: 'differs between the backends of TensorFlow.js; transform images before the model',
  Print: 'prints what callers send; export the model without it',
};

/**
 * The ops that keep a graph from being served, so that a publish can refuse it before anything is written.
 * @param topology `modelTopology` of a TF.js graph model; its weights are not needed
 * @param backend `wasm`, `tensorflow` or `cpu`
 * @returns each op once, in the graph's order
 * @throws what TF.js throws for a topology whose nodes refer to nodes that are not there
 */
export function unsupportedOps(topology: object, backend: string): UnsupportedOp[] {
  repairConverter();
  const weightData = new ArrayBuffer(0);
  // With versions, which TF.js reads and very old files lack.
  const modelTopology = { versions: {}, ...topology };
  const model = new GraphModel(tf.io.fromMemorySync({ modelTopology, weightSpecs: [], weightData }));
  model.load();
  const graph = executorGraph(model);
  return findUnsupported(graph, Object.values(graph.nodes), backend);
}

/** As `unsupportedOps`, of the nodes that are run and the functions of their graph. */
export function findUnsupported(
  graph: ExecutorGraph,
  nodes: readonly ExecutorNode[],
  backend: string,
): UnsupportedOp[] {
  const found = new Map<string, UnsupportedOp>();
  for (const node of [...nodes, ...allNodes(graph.functions)]) {
    const { op, name } = node;
    const problem = problemOf(node);
    if (problem !== undefined) found.set(op, { op, node: name, problem, elsewhere: false });
    else if (missingOps[backend]?.has(op) && !found.has(op)) {
      found.set(op, { op, node: name, problem: `has no kernel on the backend ${backend}`, elsewhere: true });
    }
  }
  return [...found.values()];
}

/** MODEL_UNAVAILABLE where another backend can run the graph, MODEL_CORRUPT where none can. */
export function unsupportedError(which: string, found: readonly UnsupportedOp[]): ModeletError {
  const everywhere = found.find(({ elsewhere }) => !elsewhere);
  const { op, node, problem } = everywhere ?? (found[0] as UnsupportedOp);
  const others = found.length === 1 ? '' : `, and ${found.length - 1} more`;
  const todo = everywhere ? '' : '; use MODELET_BACKEND=tensorflow (container image), or export the model without it';
  const code = everywhere ? 'MODEL_CORRUPT' : 'MODEL_UNAVAILABLE';
  return new ModeletError(code, `${which} can't be served: ${op} (node '${node}'${others}) ${problem}${todo}`);
}

function problemOf({ op, category, rawAttrs = {} }: ExecutorNode): string | undefined {
  if (category === undefined) return "is not known to TensorFlow.js' converter; export the model without it";
  if (Object.hasOwn(wrong, op)) return wrong[op];
  const type = (name: string) => tfDatatype(rawAttrs[name]?.type).name;
  if (isChannelsFirst(rawAttrs.data_format?.s)) return layout;
  if (op === 'Cast' && isNarrow(type('DstT'))) {
    return `casts to ${type('DstT')}, where TensorFlow wraps and TensorFlow.js does not; cast to int32 or float32`;
  }
  if (computing.has(category) && !choosing.has(op) && isNarrow(type('T'))) return narrow;
  if ((op === 'Div' || op === 'RealDiv') && ['DT_INT32', 'DT_INT64'].includes(type('T'))) {
    return 'divides whole numbers towards zero in TensorFlow and down in TensorFlow.js; cast to float32 first';
  }
  if (op.startsWith('FusedBatchNorm') && (rawAttrs.is_training?.b ?? true)) {
    return 'is in training mode; export the model for inference (training=False)';
  }
  if (op === 'OneHot' && Number(rawAttrs.axis?.i ?? -1) !== -1) {
    return 'sets its axis, which TensorFlow.js ignores; use axis -1 and transpose';
  }
  if (op === 'Conv2DBackpropInput' && (rawAttrs.dilations?.list?.i ?? []).some((rate) => Number(rate) !== 1)) {
    return 'is dilated, which TensorFlow.js ignores; export the model without';
  }
  return undefined;
}

/** TF.js' executors that compute; the others move data, which is right in any integer type. */
const computing = new Set(['arithmetic', 'basic_math', 'convolution', 'matrices', 'normalization', 'reduction']);

/** Ops among them whose results are elements of their input, or no such numbers at all. */
const choosing = new Set('Transpose MatrixBandPart Max Min Maximum Minimum ArgMax ArgMin All Any Sign Relu'.split(' '));

const isNarrow = (type: string): boolean => ['DT_UINT8', 'DT_INT8', 'DT_UINT16', 'DT_INT16'].includes(type);

/** Text attributes are base64. */
function isChannelsFirst(text: unknown): boolean {
  return typeof text === 'string' && /^NC/.test(Buffer.from(text, 'base64').toString());
}

function each(ops: string, problem: string): Record<string, string> {
  return Object.fromEntries(ops.split(' ').map((op) => [op, problem]));
}
