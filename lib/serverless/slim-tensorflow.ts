import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { OnLoadResult, Plugin } from 'esbuild';

/**
 * Parts of TF.js' converter that few graphs need: control flow, shapes that depend on values, images inside a network, and what
 * is not tensors. A function's bundle has them, and the kernels that only they use, in a chunk that is read on demand.
 */
export const rareCategories = 'control dynamic evaluation hash_table image ragged sparse spectral string'.split(' ');

/** Kernels of the wasm backend that no other op reaches, as its list of kernels names them; gradients among them. */
export const rareKernels = (
  'avgPoolGrad avgPool3DGrad conv3DBackpropFilterV2 conv3DBackpropInputV2 cropAndResize diag dilation2DBackpropFilter ' +
  'dilation2DBackpropInput eluGrad flipLeftRight lrnGrad maxPool3DGrad maxPoolGrad nonMaxSuppressionV3 nonMaxSuppressionV4 ' +
  'nonMaxSuppressionV5 resizeBilinear resizeBilinearGrad resizeNearestNeighbor resizeNearestNeighborGrad rotateWithOffset ' +
  'searchSorted sparseFillEmptyRows sparseReshape sparseSegmentMean sparseSegmentSum stringNGrams stringSplit ' +
  'stringToHashBucketFast topK transform unique'
).split(' ');

/** What runtime/unsupported-ops.ts refuses need not run: tables and texts, and random numbers, whose generators weigh 10 KB. */
const refusedCategories = ['hash_table', 'string'];
const refusedOps = /^(random\w+|truncatedNormal|multinomial)$/;

const operations = '@tensorflow/tfjs-converter/dist/operations';
const kernelList = '@tensorflow/tfjs-backend-wasm/dist/register_all_kernels.js';
const opList = '@tensorflow/tfjs-core/dist/ops/ops.js';

/** Modules that exist only in a bundle. */
const virtual: Readonly<Record<string, string>> = {
  nothing: 'export default undefined; export const wasmWorkerContents = undefined;',
  executors: `export const executors = { ${rareCategories.map((name) => `${name}: {}`)} };`,
  'rare-ops': [
    "import { executors } from 'tensorflow:executors';",
    "import 'tensorflow:rare-kernels';",
    ...rareCategories.map((name) => `import { json as ${name}Ops } from '${operations}/op_list/${name}.js';`),
    ...rareCategories
      .filter((name) => !refusedCategories.includes(name))
      .flatMap((name) => [
        `import * as ${name} from '${operations}/executors/${name}_executor.js';`,
        `Object.assign(executors.${name}, ${name});`,
      ]),
    "import { repairKernels } from './wasm-repairs/repair-kernels';",
    'repairKernels();',
    `export const mappers = [${rareCategories.map((name) => `...${name}Ops`)}];`,
  ].join('\n'),
};

/** TF.js sets up the kernels that it has when it makes a backend; these may come later. */
const setUp = `
  import { findBackend } from '@tensorflow/tfjs-core';
  const backend = findBackend('wasm');
  if (backend) for (const { setupFunc } of kernelConfigs) setupFunc?.(backend);`;

/** What stands in a bundle in the place of runtime/rare-ops.ts. */
const bringRareOps = `
  import { OperationMapper } from '${operations}/operation_mapper.js';
  import { getRegisteredOp } from '${operations}/custom_op/register.js';
  export async function bringRareOps(ops) {
    const known = OperationMapper.Instance.opMappers;
    if (ops.every((op) => op in known || getRegisteredOp(op))) return;
    for (const mapper of (await import('tensorflow:rare-ops')).mappers) known[mapper.tfOpName] = mapper;
  }`;

/** What is read instead of a module of that path. */
const edits: readonly (readonly [path: RegExp, edit: (text: string, path: string) => string])[] = [
  // Without optimizers, storage in browsers, and fingerprints of text (whose ops are refused).
  [/tfjs-core\/dist\/index\.js$/, () => "import './base_side_effects'; export * from './base';"],
  [/tfjs-core\/dist\/io\/io\.js$/, () => "export { fromMemory, fromMemorySync } from './passthrough';"],
  [/tfjs-core\/dist\/platforms\/platform_browser\.js$/, () => ''],
  [/tfjs-core\/dist\/hash_util\.js$/, () => 'export const hexToLong = undefined, fingerPrint64 = undefined;'],
  [/tfjs-core\/dist\/ops\/ops\.js$/, withoutRareGroups],
  [/operations\/executors\/\w+_executor\.js$/, nameOps],
  [
    /operations\/operation_executor\.js$/,
    (text) => `import { executors } from 'tensorflow:executors';${withoutRare(text, (name) => `executors.${name}`)}`,
  ],
  [/operations\/operation_mapper\.js$/, (text) => withoutRare(text, () => '{ json: [] }')],
  [
    /tfjs-backend-wasm\/dist\/register_all_kernels\.js$/,
    (text) => kernels(text, (name) => !rareKernels.includes(name)),
  ],
  [/lib\/runtime\/rare-ops\.[tj]s$/, () => bringRareOps],
];

/**
 * Leaves out of a bundle what no function uses of TF.js (optimizers, storage in browsers, threads), and puts what few models use
 * into a chunk of its own, which `bringRareOps` (runtime/rare-ops.ts) reads where a graph has such an op.
 */
export function slimTensorflow(): Plugin {
  return {
    name: 'slim-tensorflow',
    setup: ({ onResolve, onLoad, resolve }) => {
      const namespace = 'tensorflow';
      onResolve({ filter: /^tensorflow:/ }, ({ path, resolveDir: pluginData }) => ({
        path: path.slice('tensorflow:'.length),
        namespace,
        pluginData,
      }));
      // The modules that TF.js would start by itself; runtime/wasm-module.ts starts ours.
      onResolve({ filter: /\/wasm-out\/tfjs-backend-wasm.*\.js$/ }, ({ importer }) =>
        importer.endsWith('backend_wasm.js') ? { path: 'nothing', namespace } : undefined,
      );
      const original = async (
        module: string,
        resolveDir: string,
        edit: (text: string) => string,
      ): Promise<OnLoadResult> => {
        const { path } = await resolve(module, { resolveDir, kind: 'import-statement' });
        return { contents: edit(readFileSync(path, 'utf8')), resolveDir: dirname(path) };
      };
      onLoad({ filter: /^rare-kernels$/, namespace }, ({ pluginData }) =>
        original(kernelList, pluginData, (text) => kernels(text, (name) => rareKernels.includes(name)) + setUp),
      );
      onLoad({ filter: /^all-ops$/, namespace }, ({ pluginData }) => original(opList, pluginData, (text) => text));
      onLoad({ filter: /./, namespace }, ({ path, pluginData: resolveDir }) => {
        const contents = virtual[path];
        return contents === undefined ? undefined : { contents, resolveDir };
      });
      for (const [filter, edit] of edits) {
        onLoad({ filter, namespace: 'file' }, ({ path }) => ({
          contents: edit(readFileSync(path, 'utf8'), path),
          loader: 'js',
        }));
      }
    },
  };
}

/** A module is in one chunk as a whole, and so is what it imports: the list of ops must not name groups that only rare ones use. */
function withoutRareGroups(text: string): string {
  const groups = 'image|losses|signal|sparse|spectral|string';
  const dropped = (pattern: string) => (list: string) => replace(list, new RegExp(pattern, 'gm'), () => '');
  return [
    `^import .* from '\\./(?:${groups})/.*';$`,
    `^const (?:${groups}) = \\{[^}]*\\};$`,
    `\\b(?:${groups}), `,
    ', string\\b',
  ]
    .map(dropped)
    .reduce((rest, drop) => drop(rest), text);
}

/**
 * An executor takes all of TF.js' ops as one object; what it does not name need not be there. Rare executors have a list of
 * ops of their own, with all groups.
 */
function nameOps(text: string, path: string): string {
  const found = [...text.matchAll(/\bops\.(\w+)/g)].map(([, name = '']) => name);
  const names = [...new Set(found)].filter((name) => !refusedOps.test(name));
  if (names.length === 0) return text;
  const all = /import \* as tfOps from ('@tensorflow\/tfjs-core\/dist\/ops\/ops_for_converter');/g;
  const isRare = rareCategories.some((category) => path.endsWith(`${category}_executor.js`));
  return replace(text, all, (_, list) => {
    return `import { ${names} } from ${isRare ? "'tensorflow:all-ops'" : list}; const tfOps = { ${names} };`;
  });
}

/** The converter's imports of executors and of lists of ops, with something else for those of rare categories. */
function withoutRare(text: string, instead: (category: string) => string): string {
  const imports = /import \* as (\w+) from '\.\/(?:executors|op_list)\/(\w+?)(?:_executor)?';/g;
  return replace(text, imports, (line, local, category) =>
    rareCategories.includes(category) ? `const ${local} = ${instead(category)};` : line,
  );
}

/** The backend's list of kernels, with those of these names alone. */
function kernels(text: string, isWanted: (name: string) => boolean): string {
  const lines = /^(?:import \{ |\s+)(\w+)Config(?: \} from '.*';|,?)$/gm;
  return replace(text, lines, (line, name) => (isWanted(name) ? line : ''));
}

/** @throws where there is nothing to replace: another release of TF.js, for which this file has to be read again */
function replace(text: string, pattern: RegExp, by: (match: string, ...groups: string[]) => string): string {
  if (text.search(pattern) < 0)
    throw new Error(`slim-tensorflow.ts does not know this release of TensorFlow.js: ${pattern}`);
  return text.replace(pattern, by);
}
