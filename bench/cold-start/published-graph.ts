import type { Manifest } from '../../lib/core/manifest.js';
import { type Datatype, elementCount } from '../../lib/core/tensor.js';
import { type Registry, versionFolder } from '../../lib/registry/registry.js';
import type { Weight } from './layers-model.js';

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** A published version's graph, for those who make the same network for another runtime. */
export interface PublishedGraph {
  readonly nodes: readonly GraphNode[];
  readonly weights: readonly Weight[];
  readonly input: { readonly name: string; readonly datatype: Datatype; readonly shape: readonly number[] };
  readonly output: { readonly name: string; readonly shape: readonly number[] };
}

interface ModelJson {
  readonly modelTopology: { readonly node: readonly GraphNode[] };
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
  }[];
}

/** Reads float32 weights; integer ones (shapes, axes) come as floats too. */
export async function readPublishedGraph(registry: Registry, manifest: Manifest): Promise<PublishedGraph> {
  const read = async (name: string): Promise<Uint8Array> => {
    const object = await registry.store.get(versionFolder(manifest.model, manifest.version) + name);
    if (object === undefined) throw new Error(`${manifest.model} has no file ${name}`);
    return object.body;
  };
  const json = JSON.parse(Buffer.from(await read('model.json')).toString('utf8')) as ModelJson;
  const weights: Weight[] = [];
  for (const group of json.weightsManifest) {
    const bytes = Buffer.concat(await Promise.all(group.paths.map(read)));
    let offset = bytes.byteOffset;
    for (const { name, shape, dtype } of group.weights) {
      const array = dtype === 'int32' ? Int32Array : Float32Array;
      const stored = new array(bytes.buffer.slice(offset, offset + 4 * elementCount(shape)));
      weights.push({ name, shape, values: Float32Array.from(stored) });
      offset += stored.byteLength;
    }
  }
  const [input] = manifest.signature.inputs;
  const [output] = manifest.signature.outputs;
  if (input === undefined || output === undefined) throw new Error(`${manifest.model} has no input or no output`);
  return { nodes: json.modelTopology.node, weights, input, output };
}
