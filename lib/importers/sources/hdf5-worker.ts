import type { MessagePort } from 'node:worker_threads';

/** What the file says of a dataset; its numbers are read later. */
export interface Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  /** HDF5's type class: 0 integer, 1 float, 3 text, 5 opaque … */
  readonly type: number;
  /** Bytes of one element. */
  readonly size: number;
  readonly signed: boolean;
}

export interface Hdf5Group {
  /** Attributes that are text, or lists of texts. */
  readonly attributes: ReadonlyMap<string, string | readonly string[]>;
  readonly groups: ReadonlyMap<string, Hdf5Group>;
  readonly datasets: ReadonlyMap<string, Hdf5Dataset>;
}

export interface Hdf5Limits {
  readonly objects: number;
  readonly depth: number;
  /** Bytes of one attribute. */
  readonly attribute: number;
}

export type Hdf5Request = { readonly read: readonly string[] };
export type Hdf5Answer =
  | { readonly root: Hdf5Group }
  | { readonly arrays: readonly Uint8Array[] }
  | { readonly problem: string };

/** The parts of h5wasm's module that are used: HDF5's C functions, whose status it returns and its own classes ignore. */
interface Hdf5Library {
  readonly ready: Promise<Hdf5Module>;
}
interface Hdf5Metadata {
  readonly type: number;
  readonly size: number;
  readonly total_size: number;
  readonly shape: number[] | null;
  readonly signed: boolean;
  readonly vlen: boolean;
  readonly chunks: number[] | null;
  readonly virtual_sources?: unknown;
}
interface Hdf5Module {
  readonly FS: { writeFile(path: string, data: Uint8Array, options: { canOwn: boolean }): void };
  readonly HEAPU8: Uint8Array;
  readonly H5G_GROUP: number;
  readonly H5G_DATASET: number;
  open(path: string, mode: number, trackOrder: boolean, low: number, high: number): bigint;
  get_names(file: bigint, path: string, recursive: boolean): string[];
  get_type(file: bigint, path: string): number;
  get_attribute_names(file: bigint, path: string): string[];
  get_attribute_metadata(file: bigint, path: string, name: string): Hdf5Metadata;
  get_attribute_data(file: bigint, path: string, name: string, to: bigint): number;
  get_dataset_metadata(file: bigint, path: string): Hdf5Metadata;
  get_dataset_data(file: bigint, path: string, count: null, offset: null, strides: null, to: bigint): number;
  UTF8ToString(pointer: number): string;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

/**
 * The whole life of the worker that reads one HDF5 file: it sends the tree, then the numbers it is asked for.
 *
 * Runs as text in a worker (see openHdf5), so it may use nothing but its parameters. The HDF5 library sees a file system of
 * its own in memory with just this file in it: links to other files lead nowhere.
 */
export function runHdf5Worker(library: Hdf5Library, bytes: Uint8Array, limits: Hdf5Limits, port: MessagePort): void {
  const serve = (module: Hdf5Module) => {
    module.FS.writeFile('/source.h5', bytes, { canOwn: true });
    const file = module.open('/source.h5', 0, false, 0, 0);
    if (file < 0n) throw new Error('it is damaged or truncated');
    let objects = 0;

    /** Reads into the library's heap, and takes a copy out of it. */
    const load = (size: number, fill: (to: bigint) => number): Uint8Array => {
      const pointer = module._malloc(Math.max(size, 1));
      if (pointer === 0) throw new Error(`${size} bytes of memory are not to be had for one of its arrays`);
      try {
        module.HEAPU8.fill(0, pointer, pointer + size);
        if (fill(BigInt(pointer)) < 0) throw new Error('an array in it is damaged, or stored in a way unknown here');
        return module.HEAPU8.slice(pointer, pointer + size);
      } finally {
        module._free(pointer);
      }
    };

    const readTexts = (path: string, name: string): string | string[] | undefined => {
      const about = module.get_attribute_metadata(file, path, name);
      const size = about.size * about.total_size;
      if (about.shape === null) return [];
      if (about.type !== 3) return about.total_size === 0 ? [] : undefined;
      if (!(size <= limits.attribute)) throw new Error(`its attribute ${name} declares ${size} bytes`);
      const raw = load(size, (to) => module.get_attribute_data(file, path, name, to));
      const texts = Array.from({ length: about.total_size }, (_, i) => {
        const element = raw.subarray(i * about.size, (i + 1) * about.size);
        if (about.vlen) {
          const pointer = new DataView(element.buffer, element.byteOffset, 4).getUint32(0, true);
          return pointer === 0 ? '' : module.UTF8ToString(pointer);
        }
        const end = element.indexOf(0);
        return new TextDecoder().decode(end === -1 ? element : element.subarray(0, end));
      });
      return about.shape.length === 0 ? (texts[0] ?? '') : texts;
    };

    const describe = (path: string): Hdf5Dataset | undefined => {
      const about = module.get_dataset_metadata(file, path);
      if (about.shape === null) return undefined;
      if (about.virtual_sources !== undefined) throw new Error(`its dataset ${path} is made of other datasets`);
      const chunk = (about.chunks ?? []).reduce((product, size) => product * size, about.size);
      // The library unpacks a chunk whole; h5py's own chunks are up to 1 MiB, and none need be larger than the dataset.
      if (about.chunks !== null && !(chunk <= Math.max(2 ** 20, 4 * about.size * about.total_size))) {
        throw new Error(`its dataset ${path} declares chunks of ${chunk} bytes`);
      }
      return { path, shape: about.shape, type: about.type, size: about.size, signed: about.signed };
    };

    const walk = (path: string, depth: number): Hdf5Group => {
      if (depth > limits.depth) throw new Error(`its groups are nested more than ${limits.depth} deep`);
      const group = {
        attributes: new Map<string, string | string[]>(),
        groups: new Map<string, Hdf5Group>(),
        datasets: new Map<string, Hdf5Dataset>(),
      };
      for (const name of module.get_attribute_names(file, path)) {
        const value = readTexts(path, name);
        if (value !== undefined) group.attributes.set(name, value);
      }
      for (const name of module.get_names(file, path, false)) {
        if (++objects > limits.objects) throw new Error(`it has more than ${limits.objects} objects`);
        const child = path === '/' ? `/${name}` : `${path}/${name}`;
        const type = module.get_type(file, child);
        if (type === module.H5G_GROUP) group.groups.set(name, walk(child, depth + 1));
        else if (type === module.H5G_DATASET) {
          const dataset = describe(child);
          if (dataset !== undefined) group.datasets.set(name, dataset);
        } else throw new Error(`${child} in it is a link to elsewhere, or no group and no dataset`);
      }
      return group;
    };

    const sizes = new Map<string, number>();
    const remember = (group: Hdf5Group): void => {
      for (const { path, shape, size } of group.datasets.values())
        sizes.set(
          path,
          shape.reduce((a, b) => a * b, size),
        );
      for (const child of group.groups.values()) remember(child);
    };
    const root = walk('/', 0);
    remember(root);
    port.postMessage({ root });
    port.on('message', (request: Hdf5Request) =>
      attempt(() => {
        const arrays = request.read.map((path) =>
          load(sizes.get(path) ?? 0, (to) => module.get_dataset_data(file, path, null, null, null, to)),
        );
        port.postMessage({ arrays }, [...new Set(arrays.map(({ buffer }) => buffer))] as ArrayBuffer[]);
      }),
    );
  };

  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      port.postMessage({ problem: error instanceof Error ? error.message : String(error) });
    }
  };

  library.ready.then(
    (module) => attempt(() => serve(module)),
    (error) => port.postMessage({ problem: String(error) }),
  );
}
