import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { imageClassification, serveModel, tensor } from '../../lib/index.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishSmall } from '../support/small-models.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const tasks = [tensor, imageClassification];

beforeAll(async () => {
  await publishSmall(registry, 'pair');
  await publishSmall(registry, 'shades');
});

const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, 1e39, 2 ** 53, Number.MIN_VALUE));
const leaf = fc.oneof(number, fc.string(), fc.boolean(), fc.constant(null));
const name = fc.constantFrom('a', 'n', 'image', 'b64', '__proto__', 'constructor', 'x');
const { nested } = fc.letrec<{ nested: unknown }>((tie) => ({
  nested: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('nested'), { maxLength: 4 }),
    fc.dictionary(name, tie('nested'), { maxKeys: 3 }),
  ),
}));
const whole = fc.integer({ min: -5, max: 500 });
const file = fc.record({ b64: fc.oneof(fc.base64String({ maxLength: 100 }), leaf) });
const pairRow = fc.record(
  { a: fc.oneof(fc.tuple(whole, whole), nested), n: fc.oneof(fc.tuple(whole), nested) },
  { requiredKeys: [] },
);
const pairColumns = fc.record({
  a: fc.array(fc.tuple(whole, whole), { maxLength: 3 }),
  n: fc.array(fc.tuple(whole), { maxLength: 3 }),
});
const pixels = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });
const image = fc.oneof(pixels, file, nested);
const predictBody = fc.oneof(
  fc.record({ instances: fc.array(fc.oneof(pairRow, file), { maxLength: 4 }) }),
  fc.record({ inputs: fc.oneof(pairColumns, nested) }),
  fc.record({ instances: nested, inputs: nested, signature_name: leaf }, { requiredKeys: [] }),
);
const classifyBody = fc.oneof(
  fc.record({ examples: fc.array(fc.record({ image: pixels }), { maxLength: 3 }) }),
  fc.record({ examples: fc.array(fc.oneof(fc.record({ image }), file), { maxLength: 3 }) }),
  fc.record(
    { examples: nested, context: fc.oneof(fc.record({ image }), nested), signature_name: leaf },
    { requiredKeys: [] },
  ),
);

test.each([
  ['pair', ':predict', predictBody],
  ['shades', ':classify', classifyBody],
])('5,000 bodies at %s%s: an answer in our form, no 5xx', async (model, verb, body) => {
  const api = client(serveModel(model, { tasks }));
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(body as fc.Arbitrary<unknown>, async (sent) => {
      const { status, json } = await api.post(`/v1/models/${model}${verb}`, sent);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      if (status !== 200 && status !== 400) throw new Error(`${status} ${JSON.stringify(json)}`);
      if (status === 400)
        expect(json).toEqual({ error: expect.any(String), code: expect.any(String), requestId: expect.any(String) });
    }),
    { numRuns: 5000 },
  );
  // The property would be empty if nothing got through.
  expect(seen.get(200)).toBeGreaterThan(50);
  expect(seen.get(400)).toBeGreaterThan(50);
});
