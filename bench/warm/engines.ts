import { createRequire } from 'node:module';
import { join } from 'node:path';
import { makeTensor } from '../../lib/core/tensor.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { workFolder } from '../cold-start/install.js';
import type { Network } from './networks.js';
import type { Question } from './question.js';
import { openTfjs } from './tfjs.js';

/** What is measured, by the name that the tables have for it. */
export const names = {
  modelet: 'modelet',
  layers: 'TF.js layers, wasm',
  graph: 'TF.js graph, wasm',
  'tfjs-node': '`tfjs-node`',
  onnxruntime: '`onnxruntime-node`',
} as const;
export type EngineName = keyof typeof names;

/** One prediction: the tensor is made, and the output read. */
export type Predict = (question: Question) => Promise<Float32Array>;

/** Those that can run it. tfjs-node runs the graph where there is one, else the layers. */
export const enginesFor = ({ recurrent }: Network, installed: readonly EngineName[]): readonly EngineName[] =>
  installed.filter((engine) => !(recurrent && engine === 'graph'));

/** Opens an engine and loads the network into it. TF.js has one backend a process, so each is opened in a process of its own. */
export function open(engine: EngineName, network: Network): Promise<Predict> {
  if (engine === 'modelet') return openModelet(network);
  if (engine === 'onnxruntime') return openOnnxruntime(network);
  const backend = engine === 'tfjs-node' ? 'tensorflow' : 'wasm';
  return openTfjs(backend, engine === 'layers' || network.recurrent ? 'layers' : 'graph', network);
}

/** As a function has it, without what is around it. */
async function openModelet({ published: { registry: root, name, version } }: Network): Promise<Predict> {
  const registry = createRegistry(fileStore(root));
  const manifest = await registry.manifest(name, version);
  const engine = await openEngine('wasm');
  await engine.start();
  const model = await engine.load(manifest, openVersion(registry.store, manifest));
  const [input = { name: '' }] = manifest.signature.inputs;
  const [output = { name: '' }] = manifest.signature.outputs;
  return async ({ datatype, shape, data }) => {
    const outputs = await model.predict(new Map([[input.name, makeTensor(datatype, shape, data)]]));
    return outputs.get(output.name)?.data as Float32Array;
  };
}

interface OnnxTensor {
  readonly data: Float32Array;
}
interface Onnxruntime {
  readonly InferenceSession: {
    create(
      file: string,
      options: Record<string, unknown>,
    ): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Record<string, unknown>): Promise<Record<string, OnnxTensor>>;
    }>;
  };
  readonly Tensor: new (type: 'float32' | 'int32', data: Question['data'], shape: readonly number[]) => OnnxTensor;
}

/** On one thread, as wasm is. */
async function openOnnxruntime({ folder }: Network): Promise<Predict> {
  const { InferenceSession, Tensor } = createRequire(join(workFolder, 'package.json'))(
    'onnxruntime-node',
  ) as Onnxruntime;
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' };
  const session = await InferenceSession.create(join(folder, 'model.onnx'), threads);
  const [[input = ''], [output = '']] = [session.inputNames, session.outputNames];
  return async ({ datatype, shape, data }) => {
    const tensor = new Tensor(datatype === 'INT32' ? 'int32' : 'float32', data, shape);
    return ((await session.run({ [input]: tensor }))[output] as OnnxTensor).data;
  };
}
