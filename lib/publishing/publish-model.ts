import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { storeTensors } from '../core/stored-tensor.js';
import type { Task } from '../core/task.js';
import type { Quantization } from '../importers/graph/quantize.js';
import { type Draft, publishVersion } from '../registry/publish.js';
import type { Registry } from '../registry/registry.js';
import type { openEngine } from '../runtime/open-engine.js';
import { unsupportedError } from '../runtime/unsupported-ops.js';
import { type Difference, differences } from './differences.js';
import type { ImportedModel, Parity } from './imported-model.js';
import { withDraft } from './load-draft.js';
import { type Proof, planDraft } from './plan-draft.js';
import { type Example, firstInstance, prove, referenceExamples, toleranceFor } from './prove.js';

export interface PublishOptions {
  readonly name: string;
  readonly task: Manifest['task'];
  /** Tasks that can be held against the model; another name is taken as it is. */
  readonly tasks: readonly Task[];
  readonly alias?: string | undefined;
  /** What people want to know of the version. */
  readonly about?: Pick<Draft, 'description' | 'licence'> & Partial<Pick<Draft, 'metrics'>>;
  /** Examples whose outputs the model's own framework computed; `by` names their source. */
  readonly golden?: { readonly by: string; readonly example: Example } | undefined;
  readonly quantization?: Quantization | undefined;
  /** Opens a backend's engine: the one that proves, and `cpu` for a quantized form. */
  readonly openEngine: typeof openEngine;
  readonly backend: string;
  /** Whether a version for wasm gets a plan; it does if nothing is said. */
  readonly plans?: boolean;
  onStage(stage: 'evaluate' | 'prove' | 'quantize' | 'write'): void;
}

/**
 * Proves that the published form computes what the source does, and writes it as a new version. Nothing is written before
 * the proof is complete.
 * @throws INVALID_INPUT saying why it is refused and what to do
 */
export async function publishModel(
  registry: Registry,
  model: ImportedModel,
  options: PublishOptions,
): Promise<Manifest> {
  const { name, task, golden, quantization } = options;
  // A SavedModel runs nowhere else.
  const backend = model.savedModel === undefined ? options.backend : 'tensorflow';
  const unsupported = model.unsupported(backend);
  if (unsupported.length > 0) throw unsupportedError(name, unsupported);
  checkTask(task, options.tasks, model);
  const described = {
    model: name,
    source: model.source,
    signature: model.signature,
    task,
    metrics: {},
    ...options.about,
    files: model.files(),
  };
  const base = model.savedModel === undefined ? described : { ...described, savedModel: model.savedModel };

  options.onStage('evaluate');
  const proofs: Proof[] = [{ by: model.reference.by, examples: await examplesOf(model, golden !== undefined) }];
  if (golden !== undefined) proofs.push({ by: golden.by, examples: [golden.example] });
  options.onStage('prove');
  const parity = await withDraft(await options.openEngine(backend, { plans: false }), base, async (loaded) => {
    const proven: Parity[] = [];
    for (const { by, examples } of proofs) {
      if (examples.length > 0) proven.push({ by, backend, outputs: await prove(loaded, examples, by) });
    }
    return proven;
  });
  const { by, examples } = proofs.findLast((proof) => proof.examples.length > 0) as Proof;
  const example = firstInstance(examples[0] as Example, model.signature);
  const proven = { ...base, parity, golden: goldenOf(by, example, outputsOf(parity)) };
  const draft =
    quantization === undefined
      ? await withPlan(proven, proofs, options)
      : await quantize(proven, model.files(quantization), quantization, example, options);
  options.onStage('write');
  return publishVersion(registry, draft, options.alias);
}

const outputsOf = (parity: readonly Parity[]): Difference[] => parity.flatMap(({ outputs }) => outputs);

/** The draft with its plan, proven as well; its golden check must then hold for both. */
async function withPlan(draft: Draft, proofs: readonly Proof[], options: PublishOptions): Promise<Draft> {
  const { backend, plans = true, openEngine: open } = options;
  if (!plans || backend !== 'wasm' || draft.savedModel !== undefined) return draft;
  const { golden, parity = [] } = draft;
  const planned = await planDraft(draft, proofs, outputsOf(parity), open);
  const tolerance = Math.max(golden.tolerance, toleranceFor(outputsOf(planned.parity)));
  // What is measured of a quantized form is no parity with the source.
  const measured = draft.quantization === undefined ? planned.parity : [];
  return { ...planned.draft, parity: [...parity, ...measured], golden: { ...golden, tolerance } };
}

/** With a golden file the reference's own examples are a second proof; a model that takes none of our inputs has the first. */
async function examplesOf(model: ImportedModel, hasGolden: boolean): Promise<readonly Example[]> {
  try {
    return await referenceExamples(model);
  } catch (error) {
    if (hasGolden) return [];
    throw error;
  }
}

/** The quantized form answers a little differently: it gets golden values of its own, made on the cpu backend, and its cost. */
async function quantize(
  proven: Draft,
  files: Draft['files'],
  dtype: Quantization,
  { inputs, outputs }: Example,
  options: PublishOptions,
): Promise<Draft> {
  options.onStage('quantize');
  const draft = { ...proven, files };
  const expected = await withDraft(await options.openEngine('cpu'), draft, (loaded) => loaded.predict(inputs));
  const by = `TensorFlow.js cpu on the ${dtype} form`;
  const proof = { by, examples: [{ inputs, outputs: expected }] };
  const found = await withDraft(await options.openEngine(options.backend, { plans: false }), draft, (loaded) =>
    prove(loaded, proof.examples, by),
  );
  const golden = goldenOf(by, { inputs, outputs: expected }, found);
  const quantization = { dtype, outputs: differences(expected, outputs) };
  return withPlan({ ...draft, golden, quantization }, [proof], options);
}

function goldenOf(by: string, { inputs, outputs }: Example, found: readonly Difference[]): Draft['golden'] {
  return { by, tolerance: toleranceFor(found), inputs: storeTensors(inputs), outputs: storeTensors(outputs) };
}

function checkTask(task: Manifest['task'], tasks: readonly Task[], { signature, ownScale }: ImportedModel): void {
  // The proof compares networks; it can't see that pixels are divided by 255 on both sides.
  if (task.name.startsWith('image-classification@') && ownScale !== undefined && task.options.std === undefined) {
    const why = `the network scales its pixels itself, by ${ownScale.toPrecision(4)}, and the task would give it 0 to 1`;
    const todo = `put "std": [${(1 / 255).toPrecision(6)}] into its options, once a channel, to give it 0 to 255, or [1] for 0 to 1`;
    throw new ModeletError('INVALID_INPUT', `${why}; ${todo}`);
  }
  try {
    tasks.find(({ name }) => name === task.name)?.bind(task.options, signature);
  } catch (error) {
    if (!(error instanceof ModeletError)) throw error;
    throw new ModeletError('INVALID_INPUT', `${error.message}; mend the task file so that it fits the model`);
  }
}
