import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Registry } from '../../lib/registry/registry.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { digitsLayers } from '../cold-start/digits-layers.js';
import { type Layer, layersModelFiles } from '../cold-start/layers-model.js';
import { mobilenetLayers } from '../cold-start/mobilenet-layers.js';
import { publishLayers } from '../cold-start/networks.js';
import { onnxModel } from '../cold-start/onnx-model.js';
import { type PublishedGraph, readPublishedGraph } from '../cold-start/published-graph.js';
import { forecastLayers } from './forecast-layers.js';
import { textLayers } from './text-layers.js';

export const models = ['digits', 'mobilenet', 'lstm', 'gru'] as const;
export type Model = (typeof models)[number];

/** Where one network is, in every form that is measured. */
export interface Network {
  readonly model: Model;
  /** TF.js has no graph of a recurrent network without a loop: it is measured by its layers alone. */
  readonly recurrent: boolean;
  /** What modelet serves: a registry's folder, and the model's name and version there. */
  readonly published: { readonly registry: string; readonly name: string; readonly version: string };
  /** With the layers model and `model.onnx`. */
  readonly folder: string;
}

/** The published ones are served by modelet as they are in `models/`; the others are published here, which takes half a minute. */
const sources = {
  digits: { publishedAs: 'digits', layersOf: digitsLayers, recurrent: false },
  mobilenet: { layers: mobilenetLayers, recurrent: false },
  lstm: { layers: textLayers, recurrent: true },
  gru: { publishedAs: 'forecast', layersOf: forecastLayers, recurrent: true },
} as const;

/** @param folder for what is made: a registry, and the files of the other runtimes */
export async function makeNetwork(model: Model, folder: string): Promise<Network> {
  const source = sources[model];
  const root = 'publishedAs' in source ? resolve('models') : join(folder, 'registry');
  const name = 'publishedAs' in source ? source.publishedAs : model;
  const registry: Registry = createRegistry(fileStore(root));
  if ('layers' in source) await publishLayers(registry, model, source.layers());
  const version = await registry.resolve(name, { alias: 'production' });
  const graph: PublishedGraph = await readPublishedGraph(registry, await registry.manifest(name, version));
  const layers: readonly Layer[] = 'layers' in source ? source.layers() : source.layersOf(graph);
  const own = join(folder, model);
  mkdirSync(own, { recursive: true });
  for (const [file, bytes] of layersModelFiles(layers)) writeFileSync(join(own, file), bytes);
  writeFileSync(join(own, 'model.onnx'), onnxModel(graph));
  return { model, recurrent: source.recurrent, published: { registry: root, name, version }, folder: own };
}
