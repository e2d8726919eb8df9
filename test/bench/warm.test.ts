// What the benchmark of warm predictions measures is the same network in every form, and its table says what was measured.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { open } from '../../bench/warm/engines.js';
import { makeNetwork } from '../../bench/warm/networks.js';
import { questionOf } from '../../bench/warm/question.js';
import { headline, summarise } from '../../bench/warm/summarise.js';
import { table } from '../../bench/warm/table.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';

const folder = mkdtempSync(join(tmpdir(), 'modelet-warm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the networks of the benchmark', () => {
  test.each(['digits', 'lstm', 'gru'] as const)('%s: its layers compute what modelet serves', async (model) => {
    const network = await makeNetwork(model, folder);
    const { registry, name, version } = network.published;
    const { signature } = await createRegistry(fileStore(registry)).manifest(name, version);
    const question = questionOf(signature, 3);
    const layers = await (await open('layers', network))(question);
    const served = await (await open('modelet', network))(question);
    expect(served.length).toBe(layers.length);
    for (const [index, value] of served.entries()) expect(value).toBeCloseTo(layers[index] as number, 4);
  });
});

describe('the table of the benchmark', () => {
  const row = (engine: 'modelet' | 'graph' | 'onnxruntime', times: number[]) => ({
    node: '24' as const,
    network: {
      model: 'digits' as const,
      recurrent: false,
      published: { registry: '', name: '', version: '' },
      folder: '',
    },
    batch: 1,
    engine,
    times,
  });

  test('takes medians, holds them against the aims, and says what was not measured', () => {
    const rows = summarise([row('modelet', [9, 1, 2]), row('graph', [10, 10, 10, 4]), row('onnxruntime', [1, 1, 1])]);
    expect(headline(rows).digits.b1).toEqual({ vsTfjs: 0.2, vsOrt: 2 });
    const lines = table(rows, { rssOverEmpty: 31, zip: 0.6 });
    expect(lines).toContain('| digits | 1 | 0.20 × (aim 0.30: met) | 2.00 × (aim 1.00: missed) |');
    expect(lines).toContain('| digits | 8 | not measured | not measured |');
    expect(lines).toContain('| its zip | 0.6 MB (aim 1.5 MB: met) |');
    expect(lines.filter((line) => line.startsWith('- **'))).toEqual([
      expect.stringContaining('digits, batch 1, against'),
    ]);
    expect(lines).toContain('`tfjs-node` did not install where this was measured.');
  });
});
