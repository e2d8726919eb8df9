// Clients that others wrote, unmodified: against what `npm start` runs, and against the packaged zips.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lambdaClientInstalled } from '../support/lambda-runtime.js';
import { requirePart } from '../support/requires.js';
import { temporaryRegistry } from '../support/serve.js';
import { describeConformance, fillRegistry, runProgram, startLocal, startPackaged, type Target } from './targets.js';

const folder = 'test/conformance';
const passed = { code: 0, output: expect.stringMatching(/all passed\n$/) };

async function runScript(name: string, ...args: string[]) {
  return runProgram('python', [`${folder}/${name}.py`, ...args]);
}

function suites(target: () => Target, models: 'small' | 'digits'): void {
  test('tritonclient[http]: sync and aio, JSON and binary', async () => {
    const { url, apiKey } = target();
    expect(await runScript('triton_client', new URL(url).host, apiKey, models)).toEqual(passed);
  });
  test("KServe's InferenceRESTClient: V2 in JSON and binary, V1", async () => {
    const { url, apiKey } = target();
    expect(await runScript('kserve_client', url, apiKey)).toEqual(passed);
  });
  test('curl: a file in base64 to :predict and :classify', async () => {
    const b64 = readFileSync('examples/7.png').toString('base64');
    const classified = await curl(target(), '/v1/models/digits:classify', `{"examples": [{"b64": "${b64}"}]}`);
    expect(classified.results[0][0]).toEqual(['7', expect.any(Number)]);
    const { predictions } = await curl(target(), '/v1/models/digits:predict', `{"instances": [{"b64": "${b64}"}]}`);
    expect(predictions[0].indexOf(Math.max(...predictions[0]))).toBe(7);
  });
}

/** As TensorFlow Serving's page has it; with the key that its server doesn't know. */
async function curl({ url, apiKey }: Target, path: string, data?: string) {
  const post = data === undefined ? [] : ['-d', data, '-X', 'POST'];
  const { code, output } = await runProgram('curl', ['-sS', '-H', `x-api-key: ${apiKey}`, ...post, url + path]);
  expect([code, output]).toEqual([0, expect.stringMatching(/^\{/)]);
  return JSON.parse(output);
}

describeConformance('on the local server', () => {
  let local: Target;
  beforeAll(async () => {
    const registry = temporaryRegistry();
    await fillRegistry(registry);
    local = await startLocal(registry);
  });
  afterAll(() => local?.stop());

  suites(() => local, 'small');

  describe("TensorFlow Serving's documented calls, by curl", () => {
    const model = '/v1/models/half-plus-three';

    test('model status', async () => {
      const status = { error_code: 'OK', error_message: '' };
      expect(await curl(local, model)).toEqual({
        model_version_status: [{ version: '1', state: 'AVAILABLE', status }],
      });
    });
    test('predict', async () => {
      const rows = await curl(local, `${model}:predict`, '{"instances": [1.0,2.0,5.0]}');
      expect(rows).toEqual({ predictions: [3.5, 4.0, 5.5] });
      expect(await curl(local, `${model}:predict`, '{"inputs": [1.0,2.0,5.0]}')).toEqual({ outputs: [3.5, 4.0, 5.5] });
      expect(await curl(local, `${model}/versions/1:predict`, '{"instances": [1.0]}')).toEqual({ predictions: [3.5] });
    });
    test('a model that is not there', async () => {
      const answer = await curl(local, '/v1/models/half:predict', '{"instances": [1.0,5.0]}');
      expect(answer).toMatchObject({ error: expect.any(String), code: 'MODEL_NOT_FOUND' });
    });
    test('metadata', async () => {
      const { metadata } = await curl(local, `${model}/metadata`);
      expect(metadata.signature_def.signature_def.serving_default.inputs.x.dtype).toBe('DT_FLOAT');
    });
  });
});

const describePackaged = [
  describeConformance,
  requirePart('aws-lambda-ric', lambdaClientInstalled, 'npm run lambda-client'),
].includes(describe.skip)
  ? describe.skip
  : describe;

describePackaged('on the packaged zips, run by the Lambda runtime client', () => {
  let packaged: Target;
  beforeAll(async () => {
    packaged = await startPackaged();
  });
  afterAll(() => packaged?.stop());

  suites(() => packaged, 'digits');
});
