import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Zippable, zipSync } from 'fflate';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const text = (value: unknown) => Buffer.from(JSON.stringify(value));
const config = {
  module: 'keras',
  class_name: 'Sequential',
  config: {
    name: 's',
    layers: [
      {
        module: 'keras.layers',
        class_name: 'InputLayer',
        config: { batch_shape: [null, 3], dtype: 'float32', name: 'x' },
      },
      {
        module: 'keras.layers',
        class_name: 'Dense',
        config: { name: 'd', units: 2, activation: 'relu', dtype: 'float32' },
      },
    ],
  },
};
const files: Zippable = {
  'config.json': text(config),
  'metadata.json': text({ keras_version: '3.3.0' }),
  'model.weights.h5': Buffer.alloc(2000),
};

async function refusal(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'model.keras');
  writeFileSync(path, bytes);
  return await readSource(path).then(
    () => 'read',
    (error) => `${error.code} ${error.message}`,
  );
}

/** A zip with some bytes of it set: at the n-th place where a signature stands, and so far behind it. */
function patched(
  zip: Uint8Array,
  signature: number,
  nth: number,
  offset: number,
  value: number,
  width: 2 | 4 = 4,
): Uint8Array {
  const bytes = Buffer.from(zip);
  const places = Array.from({ length: bytes.length - 3 }, (_, i) => i).filter(
    (i) => bytes.readUInt32LE(i) === signature,
  );
  bytes.writeUIntLE(value, (places[nth] as number) + offset, width);
  return bytes;
}

const local = 0x04034b50;
const central = 0x02014b50;
const end = 0x06054b50;
const stored = zipSync(files, { level: 0 });
const packed = zipSync(files, { level: 9 });

describe('zips', () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      'no weights',
      zipSync({ 'config.json': text(config) }),
      /has no model\.weights\.h5; save the whole model in one piece/,
    ],
    ['no description', zipSync({ 'model.weights.h5': Buffer.alloc(9) }), /has no config\.json/],
    [
      'weights in several files',
      zipSync({
        'config.json': text(config),
        'model.weights.json': text({}),
        'model_00000.weights.h5': Buffer.alloc(9),
      }),
      /has no model\.weights\.h5 \(it has model\.weights\.json\); save the whole model in one piece/,
    ],
    ['weights that are no HDF5', stored, /HDF5 file can't be read/],
    ['an empty zip', zipSync({}), /has no config\.json/],
    ['half a zip', stored.subarray(0, stored.length / 2), /the zip can't be read: .*; save the model again, or copy/],
    ['a size that is too small, in the directory', patched(stored, central, 0, 24, 10), /the zip can't be read/],
    [
      'a size that is too small, in both headers',
      patched(patched(packed, central, 0, 24, 10), local, 0, 22, 10),
      /the zip can't be read/,
    ],
    [
      'a size that is too large',
      patched(patched(packed, central, 0, 24, 5000), local, 0, 22, 5000),
      /the zip can't be read/,
    ],
    [
      'a huge size',
      patched(packed, central, 0, 24, 2 ** 32 - 2),
      /'config\.json' of the zip declares 4294967294 bytes/,
    ],
    ['headers that disagree on the size', patched(packed, local, 0, 22, 77), /two headers of 'config\.json' disagree/],
    [
      'headers that disagree on the name',
      patched(packed, local, 0, 30, 0x41424344),
      /two headers of 'config\.json' disagree/,
    ],
    ['an encrypted entry', patched(packed, central, 0, 8, 1, 2), /'config\.json' is encrypted/],
    [
      'another kind of compression',
      patched(patched(packed, central, 0, 10, 12, 2), local, 0, 8, 12, 2),
      /unsupported compression/,
    ],
    ['a wrong checksum', patched(patched(packed, central, 0, 16, 1), local, 0, 14, 1), /'config\.json' is damaged/],
    ['a directory somewhere else', patched(stored, end, 0, 16, 3), /the zip can't be read/],
    [
      'more entries than there are',
      patched(patched(stored, end, 0, 10, 60_000, 2), end, 0, 8, 60_000, 2),
      /it has 60000 entries/,
    ],
    [
      'a bomb',
      zipSync({ ...files, 'config.json': Buffer.alloc(80 * 2 ** 20) }, { level: 9 }),
      /declares 83886080 bytes of data in \d+ bytes/,
    ],
    [
      'an entry twice',
      patched(zipSync({ ...files, 'metadata.jsoN': text({}) }, { level: 0 }), central, 3, 46 + 9, 0x6e6f736a),
      /is there twice/,
    ],
    [
      'a description without an end',
      zipSync({ ...files, 'config.json': Buffer.from('{"class_name": ') }),
      /config\.json is not JSON/,
    ],
    [
      'a description that nests without end',
      zipSync({ ...files, 'config.json': Buffer.from('['.repeat(1e6)) }),
      /nested more than 256 deep/,
    ],
    ['a description that is a list', zipSync({ ...files, 'config.json': text([1]) }), /config\.json is an array of 1/],
    [
      'a class of its own',
      zipSync({ ...files, 'config.json': text({ ...config, class_name: 'Own' }) }),
      /of the class Own, which is code of its own/,
    ],
  ])('%s: refused', async (_what, bytes, message) => {
    const why = await refusal(bytes);
    expect(why).toMatch(message);
    expect(why).toMatch(/^INVALID_INPUT [^;]+; [^;]+$/);
  });
});
