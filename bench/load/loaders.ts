import { Agent, get } from 'node:http';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedModel } from '../../lib/core/engine.js';
import { type Manifest, modelFiles, partBytes } from '../../lib/core/manifest.js';
import { readGolden, readStoredTensors } from '../../lib/core/stored-tensor.js';
import type { Tensor } from '../../lib/core/tensor.js';
import { createRegistry, versionFolder } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { s3Signer } from '../../lib/registry/stores/s3-signer.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { goldenCheck } from '../../lib/runtime/golden-check.js';
import { openEngine } from '../../lib/runtime/open-engine.js';

/** Where the version is: the S3 server of the benchmark, by the SDK's standard environment. */
export interface Source {
  readonly bucket: string;
  readonly manifest: Manifest;
}

/** A way to bring a version's weights from S3 into memory. */
export interface Loader {
  /** What a process has before the first byte is asked for. */
  prepare(): Promise<void>;
  load(): Promise<void>;
  /** A predict that touches every weight, its answer checked. */
  warmUp?(): Promise<void>;
}

export const loaders = { modelet: ours('wasm'), native: ours('tensorflow'), tfjs, raw } as const satisfies Record<
  string,
  (source: Source) => Loader
>;
export type LoaderName = keyof typeof loaders;

function ours(backend: string): (source: Source) => Loader {
  return ({ bucket, manifest }) => {
    const open = async () => ({
      engine: await openEngine(backend),
      registry: createRegistry(await openStore(`s3://${bucket}`)),
    });
    let opened: ReturnType<typeof open>;
    let model: LoadedModel;
    return {
      prepare: async () => {
        opened = open();
        const { engine, registry } = await opened;
        await registry.models(); // the first request makes the client
        await engine.load(emptyManifest, emptyFiles).catch(() => undefined); // and the first load opens the backend
      },
      load: async () => {
        const { engine, registry } = await opened;
        model = await engine.load(manifest, openVersion(registry.store, manifest));
      },
      warmUp: async () => {
        await goldenCheck(model, manifest, await readGolden(manifest, emptyFiles));
      },
    };
  };
}

const emptyManifest = {
  files: [],
  golden: { inputs: [], outputs: [] },
  model: 'empty',
  version: '1',
  signature: { inputs: [], outputs: [] },
} as unknown as Manifest;
const emptyFiles = {
  read: async () => Buffer.from(JSON.stringify({ modelTopology: { node: [] }, weightsManifest: [] })),
  readParts: async () => undefined,
  readInto: async () => undefined,
};

/** TF.js' own loader, by its HTTP handler with signed requests, and its own wasm backend. */
function tfjs({ bucket, manifest }: Source): Loader {
  const sign = signed();
  const fetchFunc = async (url: string | URL | Request): Promise<Response> =>
    fetch(url, { headers: await sign(new URL(String(url)).pathname) });
  let model: Awaited<ReturnType<typeof loadGraphModel>>;
  return {
    prepare: async () => {
      await import('@tensorflow/tfjs-backend-wasm');
      await tf.setBackend('wasm');
      await tf.ready();
    },
    load: async () => {
      const folder = versionFolder(manifest.model, manifest.version);
      model = await loadGraphModel(`${endpoint().origin}/${bucket}/${folder}model.json`, { fetchFunc });
    },
    warmUp: async () => {
      const x = readStoredTensors(manifest.golden.inputs).get('x') as Tensor;
      const expected = readStoredTensors(manifest.golden.outputs).get('y') as Tensor;
      const values = (model.predict(tf.tensor(x.data, [...x.shape])) as tf.Tensor).dataSync();
      const wrong = expected.data.findIndex((value, index) => !(Math.abs(value - (values[index] as number)) < 1e-3));
      if (wrong !== -1) throw new Error('a wrong answer');
    },
  };
}

const endpoint = () => new URL(process.env.AWS_ENDPOINT_URL_S3 ?? '');

/** Headers that sign a GET of a path. */
function signed(): (path: string, headers?: Record<string, string>) => Promise<Record<string, string>> {
  const url = endpoint();
  const signer = s3Signer({
    url,
    region: process.env.AWS_REGION ?? '',
    credentials: async () => ({
      accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
    }),
  });
  return async (path, headers = {}) => {
    const request = { method: 'GET', protocol: 'http:', hostname: url.hostname, path, query: {} };
    return (await signer.sign({ ...request, headers: { host: url.host, ...headers } })).headers;
  };
}

/** The same ranges, as many at a time, by plain `node:http` into one buffer; nothing is checked. */
function raw({ bucket, manifest }: Source): Loader {
  const sign = signed();
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = endpoint();
  const folder = `/${bucket}/${versionFolder(manifest.model, manifest.version)}`;
  let at = 0;
  const parts = modelFiles(manifest).flatMap(({ name, bytes }) =>
    Array.from({ length: Math.ceil(bytes / partBytes) }, (_, index) => {
      const start = index * partBytes;
      const length = Math.min(partBytes, bytes - start);
      at += length;
      return { path: folder + name, start, length, offset: at - length };
    }),
  );
  const whole = new Uint8Array(at);
  const fetchPart = async ({ path, start, length, offset }: (typeof parts)[number]): Promise<void> => {
    const range = `bytes=${start}-${start + length - 1}`;
    const headers = await sign(path, { range });
    await new Promise<void>((resolve, reject) => {
      get({ hostname, port, path, headers, agent }, (answer) => {
        let place = offset;
        answer.on('data', (chunk: Uint8Array) => {
          whole.set(chunk, place);
          place += chunk.length;
        });
        answer.on('end', () =>
          place === offset + length ? resolve() : reject(new Error(`HTTP ${answer.statusCode}`)),
        );
        answer.on('error', reject);
      }).on('error', reject);
    });
  };
  return {
    prepare: async () => undefined,
    load: async () => {
      const waiting = [...parts];
      const lane = async (): Promise<void> => {
        for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await fetchPart(part);
      };
      await Promise.all(Array.from({ length: 4 }, lane));
    },
  };
}
