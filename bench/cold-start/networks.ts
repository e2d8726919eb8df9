import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../lib/core/manifest.js';
import { tensor } from '../../lib/index.js';
import { importModel } from '../../lib/publishing/import-model.js';
import { publishModel } from '../../lib/publishing/publish-model.js';
import { createRegistry, type Registry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { digitsLayers } from './digits-layers.js';
import { type Layer, layersModelFiles } from './layers-model.js';
import { mobilenetLayers } from './mobilenet-layers.js';
import { type PublishedGraph, readPublishedGraph } from './published-graph.js';

export const models = ['digits', 'mobilenet'] as const;
export type Model = (typeof models)[number];

/** A model as modelet publishes it, and its layers for those who load them. */
export interface Network {
  readonly model: Model;
  readonly registry: Registry;
  readonly manifest: Manifest;
  readonly graph: PublishedGraph;
  readonly layers: readonly Layer[];
}

/**
 * The network of that name: digits as it is in `models/`, MobileNet published by the code of now, of which its proof takes 20 s.
 * @param folder for the registry of what is published
 */
export async function openNetwork(model: Model, folder: string): Promise<Network> {
  const registry = createRegistry(fileStore(model === 'digits' ? 'models' : folder));
  if (model === 'mobilenet') await publishLayers(registry, model, mobilenetLayers());
  const manifest = await registry.manifest(model, await registry.resolve(model, { alias: 'production' }));
  const graph = await readPublishedGraph(registry, manifest);
  return { model, registry, manifest, graph, layers: model === 'digits' ? digitsLayers(graph) : mobilenetLayers() };
}

/** Publishes layers as a file of TF.js' converter would be. */
export async function publishLayers(registry: Registry, name: string, layers: readonly Layer[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-bench-'));
  try {
    for (const [name, bytes] of layersModelFiles(layers)) writeFileSync(join(folder, name), bytes);
    await publishModel(registry, await importModel(folder, openEngine), {
      name,
      task: { name: tensor.name, options: {} },
      tasks: [tensor],
      openEngine,
      backend: 'wasm',
      onStage: () => undefined,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
