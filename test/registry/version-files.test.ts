import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { partBytes } from '../../lib/core/manifest.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { memoryStore } from '../support/memory-store.js';
import { publishTiny, tinyDraft } from '../support/tiny-model.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** From 64 MiB on parts are hashed in a thread. */
test.each([
  ['less than a part', 1000],
  ['some parts', 2 * partBytes + 5],
  ['parts for a thread', 9 * partBytes + 1],
])('a file of %s is read into memory, shared or not, and found damaged', async (_, size) => {
  const registry = createRegistry(memoryStore(2 ** 20));
  const content = randomBytes(size);
  const files = new Map([...tinyDraft('tiny').files, ['large.bin', content]]);
  const manifest = await publishTiny(registry, 'tiny', { files });
  const { read, readInto } = openVersion(registry.store, manifest);
  expect(sha256(await read('large.bin'))).toBe(sha256(content));
  for (const buffer of [new ArrayBuffer(size + 32), new SharedArrayBuffer(size + 32)]) {
    const into = new Uint8Array(buffer, 16, size);
    await readInto('large.bin', into);
    expect(sha256(into)).toBe(sha256(content));
    expect([...new Uint8Array(buffer, 0, 16), ...new Uint8Array(buffer, size + 16)]).toEqual(Array(32).fill(0));
  }
  content[size - 1] = (content[size - 1] ?? 0) ^ 1;
  await registry.store.put('tiny/versions/1/large.bin', content);
  const again = openVersion(registry.store, manifest);
  for (const buffer of [new ArrayBuffer(size), new SharedArrayBuffer(size)]) {
    await expect(again.readInto('large.bin', new Uint8Array(buffer))).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  }
  await expect(again.readInto('none.bin', new Uint8Array(1))).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
});
