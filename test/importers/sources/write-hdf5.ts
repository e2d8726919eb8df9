import { execFileSync } from 'node:child_process';

/** An HDF5 file to be written: for files that Keras would not write, or has long ceased to. */
export interface Hdf5Spec {
  /** Text attributes by group (`/` is the root) and name. */
  readonly attributes?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** By path; groups come by themselves. float32 unless told. */
  readonly datasets?: Readonly<Record<string, DatasetSpec>>;
  /** Links by their path. */
  readonly softLinks?: Readonly<Record<string, string>>;
  readonly externalLinks?: Readonly<Record<string, { readonly file: string; readonly target: string }>>;
}

export interface DatasetSpec {
  readonly shape: readonly number[];
  /** Row by row; 0, 1, 2 … unless told. */
  readonly data?: readonly number[];
  readonly dtype?: string;
  readonly chunks?: readonly number[];
  /** Declared at the end, over what was written: nothing is stored for the rest. */
  readonly resizedTo?: readonly number[];
}

/** The library is an ES module, which jest's CommonJS can't load: another process writes. */
const program = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import h5wasm from 'h5wasm';
  const { path, spec } = JSON.parse(readFileSync(0, 'utf8'));
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File('/new.h5', 'w');
  const groupOf = (at) => at.split('/').filter(Boolean).reduce((g, name) => g.get(name) ?? g.create_group(name), file);
  const cut = (at) => [at.slice(0, at.lastIndexOf('/')), at.slice(at.lastIndexOf('/') + 1)];
  for (const [at, { shape, data, dtype = '<f', chunks, resizedTo }] of Object.entries(spec.datasets ?? {})) {
    const [group, name] = cut(at);
    const count = shape.reduce((a, b) => a * b, 1);
    const numbers = data ?? Array.from({ length: count }, (_, i) => i);
    const grown = chunks && { chunks, compression: 'gzip', compression_opts: [4], maxshape: shape.map(() => null) };
    groupOf(group).create_dataset({ name, data: new Float32Array(numbers), shape, dtype, ...grown });
    if (resizedTo) file.get(at).resize(resizedTo);
  }
  for (const [at, attributes] of Object.entries(spec.attributes ?? {})) {
    for (const [name, value] of Object.entries(attributes)) groupOf(at).create_attribute(name, value);
  }
  for (const [at, target] of Object.entries(spec.softLinks ?? {})) groupOf(cut(at)[0]).create_soft_link(target, cut(at)[1]);
  for (const [at, { file: to, target }] of Object.entries(spec.externalLinks ?? {}))
    groupOf(cut(at)[0]).create_external_link(to, target, cut(at)[1]);
  file.close();
  writeFileSync(path, FS.readFile('/new.h5'));
`;

export function writeHdf5(path: string, spec: Hdf5Spec): void {
  execFileSync(process.execPath, ['--input-type=module', '-e', program], { input: JSON.stringify({ path, spec }) });
}

/** A Keras file: the model's description, and each layer's weights by their names in the file. */
export function kerasH5(
  version: string | undefined,
  model: unknown,
  weights: Readonly<Record<string, Readonly<Record<string, DatasetSpec>>>>,
  backend = 'tensorflow',
): Hdf5Spec {
  const layers = Object.entries(weights);
  return {
    attributes: {
      '/': { model_config: JSON.stringify(model), backend, ...(version !== undefined && { keras_version: version }) },
      '/model_weights': { layer_names: layers.map(([name]) => name) },
      ...Object.fromEntries(
        layers.map(([name, own]) => [`/model_weights/${name}`, { weight_names: Object.keys(own) }]),
      ),
    },
    datasets: Object.fromEntries(
      layers.flatMap(([layer, own]) =>
        Object.entries(own).map(([name, spec]) => [`/model_weights/${layer}/${name}`, spec]),
      ),
    ),
  };
}
