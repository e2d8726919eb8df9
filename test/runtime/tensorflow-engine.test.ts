import { expect, test } from '@jest/globals';
import { makeTensor, type Tensors } from '../../lib/core/tensor.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { requirePart } from '../support/requires.js';
import { engineContract } from './engine.contract.js';

const describeNative = requirePart('the tensorflow backend', nativeBackendInstalled(), 'npm run native');

describeNative('tensorflow', () => {
  // First, because a process uses one backend: once tensorflow is open, wasm stays behind it.
  test('digits answers as on wasm, within 1e-5, on 64 random images', async () => {
    const registry = createRegistry(fileStore('models'));
    const manifest = await registry.manifest('digits', await registry.resolve('digits', { alias: 'production' }));
    const images = Float32Array.from({ length: 64 * 784 }, (_, index) => Math.abs(Math.sin(index * 12.9898)));
    const inputs: Tensors = new Map([['image', makeTensor('FP32', [64, 28, 28, 1], images)]]);
    const answers: Tensors[] = [];
    for (const backend of ['wasm', 'tensorflow']) {
      const engine = await openEngine(backend);
      const model = await engine.load(manifest, openVersion(registry.store, manifest));
      answers.push(await model.predict(inputs));
      model.dispose();
    }
    const [wasm, native] = answers.map((answer) => answer.get('probabilities')?.data ?? []);
    expect(native).toHaveLength(640);
    const worst = Math.max(
      ...Array.from(native ?? [], (value, index) => Math.abs(value - ((wasm ?? [])[index] ?? Number.NaN))),
    );
    expect(worst).toBeLessThan(1e-5);
  });

  engineContract('tensorflow');
});
