import { ModeletError } from '../core/errors.js';
import { type Manifest, namePattern } from '../core/manifest.js';
import { formatShape } from '../core/tensor.js';
import { type Quantization, quantizations } from '../importers/graph/quantize.js';
import { readGoldenFile } from '../publishing/golden-file.js';
import { readTaskFile } from '../publishing/task-file.js';
import { openEngine } from '../runtime/open-engine.js';
import { builtInTasks } from './built-in-tasks.js';
import { describePlan } from './describe-plan.js';
import type { Verb } from './verb.js';

const stages = ['read', 'evaluate', 'prove', 'quantize', 'write'] as const;

export const publish: Verb = {
  name: 'publish',
  usage:
    'modelet publish PATH --name MODEL [--task task.json] [--golden golden.json] [--quantize float16|uint8] [--alias NAME]',
  summary:
    'import a Keras, TensorFlow.js or SavedModel file, prove that the served form computes the same, write a version',
  needs: ['PATH'],
  requires: ['name'],
  options: {
    name: { type: 'string' },
    task: { type: 'string' },
    golden: { type: 'string' },
    quantize: { type: 'string' },
    alias: { type: 'string' },
  },
  help: [
    '  PATH                               .keras, .h5, model.json with its weights, or a folder with one of them or a SavedModel',
    '  --name MODEL                       a-z, 0-9 and hyphens; the first version also becomes production',
    '  --task task.json                   {"name": "image-classification@1", "options": {…}}; default: tensors in, tensors out',
    "  --golden golden.json               inputs and outputs that the model's own framework computed, as a further proof",
    '  --quantize float16|uint8           store kernels in half or a quarter of the bytes; what it costs is printed',
    '  --alias NAME                       also point this alias at the version',
    '  MODELET_BACKEND                    environment: where it is proven, wasm (default) or tensorflow',
  ],
  run: async ({ positionals, values, registry, print, progress }) => {
    const name = values.name as string;
    if (!namePattern.test(name)) {
      throw new ModeletError(
        'INVALID_INPUT',
        `model name '${name}'; use a-z, 0-9 and inner hyphens, at most 40 characters`,
      );
    }
    const quantization = quantizationFrom(values.quantize as string | undefined);
    const task =
      values.task === undefined ? { name: 'tensor@1', options: {} } : await readTaskFile(values.task as string);
    const bar = progress(name, stages.length);
    const onStage = (stage: (typeof stages)[number]): void => bar.update(stages.indexOf(stage));
    let manifest: Manifest;
    try {
      // Here and not at the top: other verbs need none of it, and it takes a second to load.
      const { importModel } = await import('../publishing/import-model.js');
      const { publishModel } = await import('../publishing/publish-model.js');
      const model = await importModel(positionals[0] as string, openEngine);
      const file = values.golden as string | undefined;
      const golden = file === undefined ? undefined : await readGoldenFile(file, model.signature);
      manifest = await publishModel(registry, model, {
        name,
        task,
        tasks: builtInTasks,
        alias: values.alias as string | undefined,
        golden,
        quantization,
        openEngine,
        backend: process.env.MODELET_BACKEND ?? 'wasm',
        plans: process.env.MODELET_PLANS !== 'off',
        onStage,
      });
      bar.update(stages.length);
    } finally {
      bar.stop();
    }
    // It is published: an alias that can't be read is for the other verbs to tell.
    const aliases = await registry.aliases(name).catch(() => undefined);
    print(
      describe(
        manifest,
        builtInTasks.some(({ name }) => name === task.name),
        aliases?.get('production')?.version,
      ),
      manifest,
    );
  },
};

function quantizationFrom(text: string | undefined): Quantization | undefined {
  const known = quantizations.find((name) => name === text);
  if (text === undefined || known !== undefined) return known;
  throw new ModeletError('INVALID_REQUEST', `--quantize ${text} is not known; use ${quantizations.join(' or ')}`);
}

/** The signature, the proof, and what to do next. */
function describe(manifest: Manifest, taskKnown: boolean, production: string | undefined): string {
  const { model, version, signature, source, parity = [], quantization, files, task, plan } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const specs = (kind: string, list: Manifest['signature']['inputs']) =>
    list.map(({ name, datatype, shape }) => `${kind}   ${name} ${datatype} ${formatShape(shape)}`);
  const measured = (list: readonly { name: string; absolute: number; relative: number }[]) =>
    list.map(
      ({ name, absolute, relative }) =>
        `${name} ${absolute.toExponential(1)} absolute, ${relative.toExponential(1)} relative`,
    );
  return [
    `${model}@${version} published from ${source.format}: ${files.length} files, ${bytes} bytes`,
    ...specs('input ', signature.inputs),
    ...specs('output', signature.outputs),
    ...parity.flatMap(({ by, backend, outputs }) => [
      `parity   ${backend} against ${by}:`,
      ...measured(outputs).map((line) => `         ${line}`),
    ]),
    ...(plan === undefined ? [] : [`plan     ${describePlan(plan)}`]),
    ...(quantization === undefined
      ? []
      : [`${quantization.dtype} changes:`, ...measured(quantization.outputs).map((line) => `         ${line}`)]),
    ...(taskKnown
      ? []
      : [`task     ${task.name} is not built in: its options are checked when its function loads the model`]),
    production === undefined || production === version
      ? `serve it: modelet serve   deploy it: modelet new ${model}`
      : `production stays at ${production}; move it: modelet promote ${model}@${version}`,
  ].join('\n');
}
