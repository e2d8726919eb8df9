import { beforeEach, expect, test } from '@jest/globals';
import { checkVersion } from '../lib/cli/check-version.js';
import { type Manifest, modelFiles, weightBytes } from '../lib/core/manifest.js';
import { readGolden, storeTensors } from '../lib/core/stored-tensor.js';
import { makeTensor } from '../lib/core/tensor.js';
import { startTimings } from '../lib/core/timings.js';
import { production } from '../lib/core/version-ref.js';
import { goldenExample } from '../lib/protocol/openapi-example.js';
import { pushVersion } from '../lib/registry/push.js';
import type { Registry } from '../lib/registry/registry.js';
import { openVersion } from '../lib/registry/version-files.js';
import { temporaryRegistry } from './support/serve.js';
import { tensorService } from './support/tensor-service.js';
import { publishTiny, tinyOutput } from './support/tiny-model.js';

/** 18,000 bytes in, 12,000 out: only the input is too much for the manifest. */
const rows = Array.from({ length: 1500 }, (_, row) => [row / 1000, -1, row % 7]);
const numbers = Float32Array.from(rows.flat());

function publishLong(registry: Registry): Promise<Manifest> {
  const answers = Float32Array.from(tinyOutput(rows).flat());
  return publishTiny(registry, 'tiny', {
    golden: {
      by: 'arithmetic',
      tolerance: 1e-5,
      inputs: storeTensors(new Map([['x', makeTensor('FP32', [rows.length, 3], numbers)]])),
      outputs: storeTensors(new Map([['y', makeTensor('FP32', [rows.length, 2], answers)]])),
    },
  });
}

let registry: Registry;
let manifest: Manifest;
beforeEach(async () => {
  registry = temporaryRegistry();
  manifest = await publishLong(registry);
});

const ready = async (): Promise<void> => {
  const service = await tensorService('tiny', registry);
  await service.ready(await service.describe(production), startTimings());
};

test('a long golden tensor is a file beside the manifest, and no weights', async () => {
  expect(manifest.golden.inputs).toEqual([
    { name: 'x', datatype: 'FP32', shape: [1500, 3], file: 'golden/inputs-0.bin' },
  ]);
  expect(manifest.golden.outputs[0]).toMatchObject({ base64: expect.any(String) });
  expect(manifest.files.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['model.json', expect.any(Number)],
    ['weights.bin', 32],
    ['golden/inputs-0.bin', 18_000],
  ]);
  expect(modelFiles(manifest).map(({ name }) => name)).toEqual(['model.json', 'weights.bin']);
  expect(weightBytes(manifest)).toBeLessThan(18_000);
  const { inputs } = await readGolden(manifest, openVersion(registry.store, manifest));
  expect(inputs.get('x')?.data).toEqual(numbers);
});

test('it is checked by verify and at a load, copied by a push, and not shown', async () => {
  const { backends } = await checkVersion(registry, 'tiny', '1');
  expect(backends.map(({ backend }) => backend)).toContain('wasm');
  await ready();
  const target = temporaryRegistry();
  await pushVersion(registry, target, { model: 'tiny', version: '1' });
  expect((await checkVersion(target, 'tiny', '1')).manifest).toEqual(manifest);
  expect(goldenExample(manifest)).toBeUndefined();
});

test('a version whose golden file is damaged, or gone, is not served', async () => {
  const key = 'tiny/versions/1/golden/inputs-0.bin';
  await registry.store.put(key, Buffer.alloc(18_000));
  await expect(ready()).rejects.toMatchObject({ code: 'MODEL_CORRUPT', message: expect.stringContaining(key) });
  await registry.store.delete(key);
  await expect(ready()).rejects.toMatchObject({ code: 'MODEL_CORRUPT', message: expect.stringContaining(key) });
});
