import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryRegistry } from '../support/serve.js';
import { describeConformance, fillRegistry, runProgram, startLocal, type Target } from './targets.js';

describeConformance('/openapi.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-openapi-'));
  const key = () => `x-api-key: ${local.apiKey}`;
  let local: Target;

  beforeAll(async () => {
    process.env.MODELET_DATA = join(folder, 'data'); // for jobs
    const registry = temporaryRegistry();
    await fillRegistry(registry);
    local = await startLocal(registry);
  });
  afterAll(async () => {
    await local?.stop();
    rmSync(folder, { recursive: true });
  });

  /** @param select which operations, and what else is not checked of them */
  async function schemathesis(phases: string, select: readonly string[], unchecked: readonly string[] = []) {
    const args = [
      'run',
      `${local.url}/openapi.json`,
      ...['--url', local.url, '--header', key(), ...select],
      ...['--phases', phases, '--max-examples', '25', '--seed', '4', '--no-color', '--continue-on-failure'],
      // All checks but one: JSON Schema can't say that data fits its shape, or that two parameters exclude each other, so what
      // is valid by it may get a 400 all the same.
      ...[
        '--exclude-checks',
        ['positive_data_acceptance', ...unchecked].join(),
        '--suppress-health-check',
        'all',
        '--warnings',
        'off',
      ],
    ];
    const { code, output } = await runProgram('schemathesis', args, folder);
    expect([code, code === 0 ? '' : output]).toEqual([0, '']);
    return Number(/(\d+) generated/.exec(output)?.[1]);
  }

  test('is valid OpenAPI 3.1: openapi-spec-validator', async () => {
    const document = await (
      await fetch(`${local.url}/openapi.json`, { headers: { 'x-api-key': local.apiKey } })
    ).text();
    const file = join(folder, 'openapi.json');
    writeFileSync(file, document);
    const { code, output } = await runProgram('openapi-spec-validator', ['--schema', '3.1', file]);
    expect([code, output]).toEqual([0, expect.stringMatching(/OK\s*$/)]);
  });

  const notDigits = ['--exclude-tag', 'digits'];
  const isInfer = 'v2_infer(_version)?$';

  test('says what is served: schemathesis finds no 5xx and no answer that it does not describe', async () => {
    const others = [...notDigits, '--exclude-operation-id-regex', isInfer];
    expect(await schemathesis('examples,coverage,fuzzing', others)).toBeGreaterThan(1000);
  });

  test('the same for V2 infer', async () => {
    // With a header length of 0 a body is raw data, whatever its content type says: `null` is one FP32.
    const infer = [...notDigits, '--include-operation-id-regex', isInfer];
    expect(await schemathesis('examples,coverage,fuzzing', infer, ['negative_data_rejection'])).toBeGreaterThan(100);
  });

  test('its examples for digits are answered as it describes', async () => {
    // No more: 784 numbers are more than its generator can make.
    expect(await schemathesis('examples', ['--include-tag', 'digits'])).toBeGreaterThan(10);
  });
});
