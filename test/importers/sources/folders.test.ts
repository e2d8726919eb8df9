import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { temporaryFolder } from './temporary-folder.js';

const root = temporaryFolder();

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, 'f-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const variables = { 'variables/variables.index': 'i', 'variables/variables.data-00000-of-00001': 'd' };
const layers = JSON.stringify({
  modelTopology: {
    class_name: 'Sequential',
    config: [{ class_name: 'ReLU', config: { name: 'r', batch_input_shape: [null, 3] } }],
  },
  weightsManifest: [],
});

describe('folders', () => {
  test('a SavedModel: its own files, whether the folder or its graph is named', async () => {
    const folder = folderOf({
      'saved_model.pb': 'g',
      ...variables,
      'assets/words.txt': 'w',
      'README.md': 'no part of it',
    });
    const names = [
      'assets/words.txt',
      'saved_model.pb',
      'variables/variables.data-00000-of-00001',
      'variables/variables.index',
    ];
    for (const path of [folder, join(folder, 'saved_model.pb')]) {
      const source = await readSource(path);
      expect(source.kind === 'saved-model' && [source.folder, [...source.files.keys()]]).toEqual([folder, names]);
    }
  });

  test('a model.json under another name', async () => {
    expect(await readSource(folderOf({ 'my-model.json': layers, 'labels.json': '["a"]' }))).toMatchObject({
      format: 'tfjs-layers',
    });
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      'a part of the variables',
      { 'saved_model.pb': 'g', 'variables/variables.index': 'i' },
      /a part of its variables only; copy the whole folder/,
    ],
    ['a SavedModel as text', { 'saved_model.pbtxt': 'g' }, /in text form/],
    [
      'versions',
      { '1/saved_model.pb': 'g', '12/saved_model.pb': 'g' },
      /versions of a SavedModel: 1, 12; publish one of them: .*\/12/,
    ],
    [
      'two models',
      { 'a.json': layers, 'b.json': layers },
      /several models: a\.json, b\.json; give the path of one of them/,
    ],
    ['nothing', {}, /holds no model; give the path of a Keras file/],
    ['other files', { 'notes.txt': 'hello' }, /holds no model/],
    ['an empty model.json', { 'model.json': '' }, /'model\.json' is empty; copy the file again/],
    ['a folder called model.json', { 'model.json/a': '' }, /holds no model/],
  ])('%s: refused', async (_what, files, message) => {
    await expect(readSource(folderOf(files))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(message),
    });
  });

  test('a link in a SavedModel, which would publish a file from elsewhere: refused', async () => {
    const folder = folderOf({ 'saved_model.pb': 'g', ...variables, 'assets/a.txt': 'a' });
    symlinkSync('/etc/hostname', join(folder, 'assets/b.txt'));
    await expect(readSource(folder)).rejects.toThrow(/'assets\/b\.txt' in the SavedModel is a link; copy its files/);
  });

  test('what is no file: refused', async () => {
    await expect(readSource('/dev/null')).rejects.toThrow(/is no file; give the path of/);
  });
});
