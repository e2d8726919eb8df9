import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { serveModel, tensor } from '../../lib/index.js';
import { binaryBody, binaryClient } from '../support/binary-request.js';
import { publishEcho } from '../support/echo-model.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const echo = binaryClient(serveModel('echo', { tasks: [tensor] }));
const tiny = binaryClient(serveModel('tiny', { tasks: [tensor] }));

beforeAll(async () => {
  await publishTiny(registry);
  await publishEcho(registry, 'echo', [
    { name: 'f', datatype: 'FP32', shape: [-1] },
    { name: 'i', datatype: 'INT32', shape: [-1] },
    { name: 'b', datatype: 'BOOL', shape: [-1] },
  ]);
});

const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

interface Request {
  readonly object: unknown;
  readonly pieces: readonly Uint8Array[];
  /** What the echo must answer, as hex. */
  readonly expected: string;
}

const sound: fc.Arbitrary<Request> = fc
  .record({
    id: fc.string({ maxLength: 8 }),
    f: fc.float32Array({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 64), max: 2 ** 64, maxLength: 40 }),
    i: fc.int32Array({ maxLength: 40 }),
    b: fc.array(fc.boolean(), { maxLength: 40 }),
    wide: fc.boolean(),
    order: fc.shuffledSubarray(['f', 'i', 'b'] as const, { minLength: 3 }),
  })
  .map(({ id, f, i, b, wide, order }) => {
    const data = {
      f: { datatype: wide ? 'FP64' : 'FP32', count: f.length, bytes: bytes(wide ? Float64Array.from(f) : f) },
      i: {
        datatype: wide ? 'INT64' : 'INT32',
        count: i.length,
        bytes: bytes(wide ? BigInt64Array.from(i, BigInt) : i),
      },
      b: { datatype: 'BOOL', count: b.length, bytes: Uint8Array.from(b, Number) },
    };
    const inputs = order.map((name) => ({
      name,
      datatype: data[name].datatype,
      shape: [data[name].count],
      parameters: { binary_data_size: data[name].bytes.length },
    }));
    return {
      object: { id, inputs, parameters: { binary_data_output: true } },
      pieces: order.map((name) => data[name].bytes),
      expected: Buffer.concat([bytes(f), bytes(i), data.b.bytes]).toString('hex'),
    };
  });

/** Values that sizes and shapes had better not be. */
const odd = fc.oneof(
  fc.integer({ min: -3, max: 200 }),
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, -(2 ** 53), 1e300, 0.5, null, '4', [], {}, true),
);
const datatype = fc.constantFrom('FP16', 'BF16', 'FP64', 'INT8', 'INT64', 'UINT64', 'BOOL', 'BYTES', 'FP8', 7);

/** Changes one field of one input, or of the request. */
const editObject: fc.Arbitrary<(request: Request) => Request> = fc
  .record({
    at: fc.nat(2),
    edit: fc.oneof(
      odd.map((size) => (input: object) => ({ ...input, parameters: { binary_data_size: size } })),
      fc.array(odd, { maxLength: 3 }).map((shape) => (input: object) => ({ ...input, shape })),
      odd.map((shape) => (input: object) => ({ ...input, shape })),
      datatype.map((type) => (input: object) => ({ ...input, datatype: type })),
      fc.constantFrom('f', 'i', 'b', '', '__proto__').map((name) => (input: object) => ({ ...input, name })),
      fc.constant((input: object) => ({ ...input, data: [1] })),
      fc.constant(() => null),
    ),
  })
  .map(({ at, edit }) => (request) => {
    const object = request.object as { inputs: object[] };
    return {
      ...request,
      object: { ...object, inputs: object.inputs.map((input, index) => (index === at ? edit(input) : input)) },
    };
  });

/** Cuts, lengthens or overwrites the body. */
const editBody: fc.Arbitrary<(body: Buffer) => Buffer> = fc.oneof(
  fc.nat().map((at) => (body: Buffer) => body.subarray(0, at % (body.length + 1))),
  fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => (body: Buffer) => Buffer.concat([body, more])),
  fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 })).map(([at, over]) => (body: Buffer) => {
    const changed = Buffer.from(body);
    changed.set(over.subarray(0, Math.max(0, changed.length - (at % (changed.length + 1)))), at % (changed.length + 1));
    return changed;
  }),
);
const editLength: fc.Arbitrary<(length: number) => number | string> = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map((by) => (length: number) => length + by),
  fc
    .constantFrom('', '-1', '0', '1e3', 'NaN', '99999999999', '2147483648', '18446744073709551617')
    .map((text) => () => text),
);

test('10,000 binary requests: sound ones come back to the bit, broken ones get 400', async () => {
  const seen = new Map<string, number>();
  const request = fc.record({
    sound,
    object: fc.option(editObject, { freq: 2 }),
    body: fc.option(editBody, { freq: 2 }),
    length: fc.option(editLength, { freq: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ sound, object, body: change, length: shift }) => {
      const edited = object === null ? sound : object(sound);
      const { body, length } = binaryBody(edited.object, ...edited.pieces);
      const { status, json, binary } = await echo(
        '/v2/models/echo/infer',
        change === null ? body : change(body),
        shift === null ? length : shift(length),
      );
      const isSound = object === null && change === null && shift === null;
      const kind = `${isSound ? 'sound' : 'broken'} ${status}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      if (isSound)
        expect({ status, id: json.id, data: binary.toString('hex') }).toMatchObject({
          status: 200,
          data: sound.expected,
        });
      if (status === 200) return;
      expect({ status, json }).toEqual({
        status: 400,
        json: { code: expect.stringMatching(/^INVALID_/), error: expect.any(String), requestId: expect.any(String) },
      });
    }),
    { numRuns: 10_000 },
  );
  expect(seen.get('sound 200')).toBeGreaterThan(1_000);
  expect(seen.get('broken 400')).toBeGreaterThan(1_000);
  expect(seen.get('broken 200')).toBeGreaterThan(10);
});

test('2,000 raw requests and batches of any size, the empty one too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), fc.boolean(), async (data, raw) => {
      const rows = Math.floor(data.length / 12);
      const values = new Float32Array(rows * 3).map((_, index) => data[index * 4] ?? 0);
      const x = { name: 'x', datatype: 'FP32', shape: [rows, 3], parameters: { binary_data_size: rows * 12 } };
      const { body, length } = binaryBody({ inputs: [x] }, bytes(values));
      const { status, json } = await tiny('/v2/models/tiny/infer', raw ? data : body, raw ? 0 : length);
      if (raw) expect([200, 400]).toContain(status);
      else expect({ status, shape: json.outputs?.[0].shape }).toEqual({ status: 200, shape: [rows, 2] });
    }),
    { numRuns: 2_000 },
  );
});
