import type { Tensor } from '../../core/tensor.js';
import { badSource } from './bad-source.js';
import type { Hdf5Dataset, Hdf5Group } from './hdf5-worker.js';
import type { Hdf5File } from './open-hdf5.js';
import type { LoadWeights, StoredWeight } from './stored-weight.js';

/** A weight that is an HDF5 dataset. */
export interface Hdf5Weight extends StoredWeight {
  readonly dataset: Hdf5Dataset;
}

export function hdf5Weight(name: string, dataset: Hdf5Dataset): Hdf5Weight {
  return { name, shape: dataset.shape, dataset };
}

/** @param file whose datasets the weights are */
export function hdf5Loader(file: Hdf5File): LoadWeights {
  return async (weights) => {
    const tensors = await file.read(weights.map((weight) => (weight as Hdf5Weight).dataset));
    return new Map(weights.map((weight, index) => [weight, tensors[index] as Tensor]));
  };
}

/** An attribute with text. */
export function textAttribute(group: Hdf5Group, name: string): string | undefined {
  const value = group.attributes.get(name);
  return typeof value === 'string' ? value : value?.[0];
}

/** A list of names, which Keras cuts into `name0`, `name1` … where it is too long for one attribute (64 KB). */
export function namesAttribute(group: Hdf5Group, name: string): string[] | undefined {
  const whole = group.attributes.get(name);
  if (whole !== undefined) return typeof whole === 'string' ? [whole] : [...whole];
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.attributes.get(`${name}${i}`);
    if (part === undefined) return i === 0 ? undefined : parts;
    parts.push(...(typeof part === 'string' ? [part] : part));
  }
}

/** The group at a path below another: names of layers may hold slashes. */
export function groupAt(group: Hdf5Group, path: string): Hdf5Group | undefined {
  let at: Hdf5Group | undefined = group;
  for (const step of path.split('/').filter((part) => part !== '')) at = at?.groups.get(step);
  return at;
}

function datasetAt(group: Hdf5Group, path: string): Hdf5Dataset | undefined {
  const slash = path.lastIndexOf('/');
  return groupAt(group, path.slice(0, Math.max(slash, 0)))?.datasets.get(path.slice(slash + 1));
}

/** Weights named in a group's `weight_names`, in their order. */
export function namedWeights(group: Hdf5Group, owner: string): Hdf5Weight[] {
  return (namesAttribute(group, 'weight_names') ?? []).map((name) => {
    const dataset = datasetAt(group, name);
    if (dataset === undefined)
      throw badSource(`the weight '${name}' of the layer '${owner}' is missing`, 'save the model again');
    return hdf5Weight(name, dataset);
  });
}
