import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { imageClassification, serveModel, tensor } from '../../lib/index.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const api = client(serveModel('tiny', { tasks: [tensor, imageClassification] }));

beforeAll(async () => {
  await publishTiny(registry);
});

const name = fc.constantFrom('x', 'y', '', '__proto__', 'constructor', 'b64', 'instances', 'inputs');
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, 1e39, 2 ** 53, Number.MIN_VALUE));
const leaf = fc.oneof(number, fc.string(), fc.boolean(), fc.constant(null));
const { nested } = fc.letrec<{ nested: unknown }>((tie) => ({
  nested: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('nested'), { maxLength: 4 }),
    fc.dictionary(name, tie('nested'), { maxKeys: 3 }),
  ),
}));
const rows = fc.array(fc.array(number, { minLength: 2, maxLength: 4 }), { maxLength: 4 });
const soundRows = fc.array(fc.array(fc.integer(), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 });
const values = fc.oneof(soundRows, rows, nested);
const shape = fc.oneof(fc.array(fc.oneof(fc.integer({ min: -2, max: 5 }), number), { maxLength: 5 }), nested);
const v2Input = fc.record(
  {
    name: fc.oneof(name, leaf),
    shape,
    datatype: fc.oneof(fc.constantFrom('FP32', 'INT64', 'BYTES'), leaf),
    data: values,
    parameters: nested,
  },
  { requiredKeys: [] },
);
const soundV2 = soundRows.map((data) => ({ inputs: [{ name: 'x', shape: [data.length, 3], datatype: 'FP32', data }] }));
const v2Body = fc.oneof(
  { weight: 1, arbitrary: soundV2 },
  {
    weight: 9,
    arbitrary: fc.record(
      { id: leaf, inputs: fc.oneof(fc.array(v2Input, { maxLength: 3 }), nested), outputs: nested, parameters: nested },
      { requiredKeys: [] },
    ),
  },
);
const rowBody = fc.oneof(
  fc.record({ instances: values }),
  fc.record({ instances: values, inputs: values, signature_name: leaf }, { requiredKeys: [] }),
);
const text = (body: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 8, arbitrary: body.map((value) => JSON.stringify(value) ?? '') },
    // JSON that was cut or has a byte changed on the way.
    { weight: 2, arbitrary: fc.tuple(body, fc.nat()).map(([value, at]) => cut(JSON.stringify(value) ?? '', at)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
const cut = (json: string, at: number): string => (json === '' ? '' : json.slice(0, at % json.length));

/** Answers that a caller's body may get. Nothing of it is our fault, so nothing is a 5xx. */
const fair = (status: number): boolean => [200, 400, 413, 415].includes(status);

describe('10,000 bodies at each route: an answer in our form, no crash, no hang', () => {
  test.each([
    ['/models/tiny', fc.oneof(values, rowBody)],
    ['/v1/models/tiny:predict', rowBody],
    ['/v2/models/tiny/infer', v2Body],
  ])('%s', async (path, body) => {
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(text(body), async (sent) => {
        const { status, json } = await api.post(path, sent);
        seen.set(status, (seen.get(status) ?? 0) + 1);
        if (!fair(status)) throw new Error(`${status} ${JSON.stringify(json)}`);
        if (status !== 200)
          expect(json).toEqual({
            error: expect.any(String),
            code: expect.any(String),
            requestId: expect.any(String),
          });
      }),
      { numRuns: 10_000 },
    );
    // The property would be empty if nothing got through.
    expect(seen.get(200)).toBeGreaterThan(50);
    expect(seen.get(400)).toBeGreaterThan(50);
    expect((await api.post('/models/tiny', [1, 2, 3])).status).toBe(200);
  });

  test('any path and method', async () => {
    const part = fc.oneof(
      fc.constantFrom(
        'models',
        'v1',
        'v2',
        'tiny',
        'tiny:predict',
        'versions',
        '1',
        'infer',
        '..',
        '',
        '%00',
        '%2e%2e',
      ),
      fc.string(),
    );
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 7 }), method, async (parts, verb) => {
        const target = `/${parts.map((text) => (/^[\w:.%-]*$/.test(text) ? text : encodeURIComponent(text))).join('/')}`;
        const { status } = await api.send({ method: verb, target });
        expect([200, 400, 404, 405, 415]).toContain(status);
      }),
      { numRuns: 2_000 },
    );
  });
});
