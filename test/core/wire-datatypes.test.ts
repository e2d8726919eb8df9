import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isWireDatatype, type WireDatatype, wireCodec, wireCodecs } from '../../lib/core/wire-datatypes.js';

const at = (index: number) => `data[${index}]`;
const fromJson = (datatype: WireDatatype, values: readonly unknown[]) => wireCodec(datatype).fromJson(values, at);
const fromBytes = (datatype: WireDatatype, bytes: Uint8Array, count: number) =>
  wireCodec(datatype).fromBytes(bytes, count, at);

/** Each datatype: the bytes of an element, elements in JSON at its ends, and their little-endian bytes. */
const samples: Readonly<Record<WireDatatype, readonly [number | undefined, string, string]>> = {
  BOOL: [1, '[true,false]', '01 00'],
  UINT8: [1, '[0,1,255]', '00 01 ff'],
  UINT16: [2, '[1,65535]', '0100 ffff'],
  UINT32: [4, '[1,4294967295]', '01000000 ffffffff'],
  UINT64: [8, '[1,18446744073709551615]', '0100000000000000 ffffffffffffffff'],
  INT8: [1, '[-128,-1,127]', '80 ff 7f'],
  INT16: [2, '[-32768,-2,32767]', '0080 feff ff7f'],
  INT32: [4, '[-2147483648,2147483647]', '00000080 ffffff7f'],
  INT64: [8, '[-9223372036854775808,9223372036854775807]', '0000000000000080 ffffffffffffff7f'],
  FP16: [2, '[1,-2,65504,5.960464477539063e-8]', '003c 00c0 ff7b 0100'],
  FP32: [4, '[1,-0.5,3.4028234663852886e+38]', '0000803f 000000bf ffff7f7f'],
  FP64: [8, '[1,1.7976931348623157e+308]', '000000000000f03f ffffffffffffef7f'],
  BYTES: [undefined, '["","aé"]', '00000000 03000000 61c3a9'],
  BF16: [2, '[1,-2,3.3895313892515355e+38]', '803f 00c0 7f7f'],
};
/** JSON text → values whose integers beyond 2^53 are BigInts, as the protocol hands them over. */
const parsed = (text: string): unknown[] =>
  (JSON.parse(text.replace(/(?<![.\d])-?\d{16,}/g, '"n$&"')) as unknown[]).map((value) =>
    typeof value === 'string' && /^n-?\d+$/.test(value) ? BigInt(value.slice(1)) : value,
  );
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('the datatypes are those of the protocol', () => {
  expect(Object.keys(wireCodecs).sort()).toEqual(Object.keys(samples).sort());
  for (const name of ['FP128', 'fp32', 'toString', '__proto__', '', 7, null]) expect(isWireDatatype(name)).toBe(false);
});

describe.each(Object.entries(samples) as [WireDatatype, readonly [number | undefined, string, string]][])(
  '%s',
  (datatype, [size, json, bytes]) => {
    const codec = wireCodec(datatype);
    const count = parsed(json).length;

    test('JSON and binary, both ways', () => {
      expect(codec.size).toBe(size);
      const data = fromJson(datatype, parsed(json));
      expect(Buffer.from(codec.toBytes(data)).toString('hex')).toBe(hex(bytes).toString('hex'));
      const back = fromBytes(datatype, hex(bytes), count);
      expect(back).toEqual(data);
      expect(codec.toJson(back)).toBe(json);
      expect(fromJson(datatype, [])).toHaveLength(0);
      expect(fromBytes(datatype, new Uint8Array(), 0)).toHaveLength(0);
    });

    test('an unaligned piece of a body gives the same elements', () => {
      const body = new Uint8Array(16 + hex(bytes).length);
      for (const offset of [0, 1, 2, 3, 5, 8]) {
        body.fill(0xee);
        body.set(hex(bytes), offset);
        const piece = body.subarray(offset, offset + hex(bytes).length);
        expect(codec.toJson(fromBytes(datatype, piece, count))).toBe(json);
      }
    });

    test('JSON of another kind is refused at its element', () => {
      const wrong = datatype === 'BYTES' ? [1, true, null, [], {}] : ['1', null, [1], [], {}];
      if (datatype !== 'BOOL') wrong.push(true);
      for (const value of wrong) {
        expect(() => fromJson(datatype, [...parsed(json), value])).toThrow(
          new RegExp(`^data\\[${count}\\]: expected `),
        );
      }
    });
  },
);

test.each([
  ['UINT8', 256, -1, 0.5],
  ['UINT16', 65_536, -1, 1e300],
  ['UINT32', 2 ** 32, -1, 1.5],
  ['UINT64', 2n ** 64n, -1, -1n, 0.5, 2 ** 63],
  ['INT8', 128, -129, 0.1],
  ['INT16', 32_768, -32_769, 0.5],
  ['INT32', 2 ** 31, -(2 ** 31) - 1, 0.5, 1e300],
  ['INT64', 2n ** 63n, -(2n ** 63n) - 1n, 0.5, 2 ** 60],
  ['FP16', 65_520, -65_520, 1e300],
  ['BF16', 3.3963e38, 1e300],
  ['FP32', 1e39, -3.5e38],
  ['FP64', Number.POSITIVE_INFINITY],
] as [WireDatatype, ...(number | bigint)[]][])('%s: out of its range', (datatype, ...values) => {
  for (const value of values) expect(() => fromJson(datatype, [0, value])).toThrow(/^data\[1\]: expected a /);
});

describe('16-bit floats', () => {
  const all = Uint8Array.from(new Uint8Array(Uint16Array.from({ length: 65_536 }, (_, bits) => bits).buffer));
  const finiteOnly = (exponent: number) =>
    Uint16Array.from(new Uint16Array(all.buffer).filter((bits) => (bits & exponent) !== exponent));

  test.each([
    ['FP16', 0x7c00],
    ['BF16', 0x7f80],
  ] as const)('every finite %s comes back the same, as bytes and as numbers', (datatype, exponent) => {
    const codec = wireCodec(datatype);
    const bits = finiteOnly(exponent);
    const data = fromBytes(datatype, new Uint8Array(bits.buffer), bits.length) as Float32Array;
    expect(new Uint16Array(codec.toBytes(data).buffer)).toEqual(bits);
    expect(fromJson(datatype, Array.from(data))).toEqual(data);
  });

  test('Node.js says the same of FP16 where it knows it', () => {
    const { Float16Array } = globalThis as { Float16Array?: new (buffer: ArrayBuffer | number[]) => ArrayLike<number> };
    if (Float16Array === undefined) return;
    const bits = finiteOnly(0x7c00);
    const theirs = Float32Array.from(new Float16Array(bits.buffer as ArrayBuffer));
    expect(fromBytes('FP16', new Uint8Array(bits.buffer), bits.length)).toEqual(theirs);
    fc.assert(
      fc.property(fc.float({ min: -65_519, max: 65_519, noNaN: true }), (value) => {
        const [mine] = fromJson('FP16', [value]) as Float32Array;
        expect(mine).toBe(new Float16Array([value])[0]);
      }),
      { numRuns: 5_000 },
    );
  });

  test('JSON rounds to the nearest, ties to even', () => {
    const fp16 = (value: number) => (fromJson('FP16', [value]) as Float32Array)[0];
    expect(fp16(0.1)).toBe(0.0999755859375);
    expect(fp16(2049)).toBe(2048);
    expect(fp16(2051)).toBe(2052);
    expect(fp16(65_519.99)).toBe(65_504);
    expect(fp16(2 ** -25)).toBe(0);
    expect(fp16(2 ** -25 * 1.01)).toBe(2 ** -24);
    expect(Object.is(fp16(-0), -0)).toBe(true);
    // Just above a tie: rounding to FP32 first would make it one.
    expect(fp16(1 + 2 ** -11 + 2 ** -40)).toBe(1 + 2 ** -10);
    const bf16 = (value: number) => (fromJson('BF16', [value]) as Float32Array)[0];
    expect(bf16(0.1)).toBe(0.10009765625);
    expect(bf16(257)).toBe(256);
    expect(bf16(259)).toBe(260);
  });
});

describe('no copy where the alignment allows', () => {
  const body = new Uint8Array(64);

  test.each([
    ['FP32', 8, 12],
    ['INT32', 4, 8],
    ['INT64', 8, 24],
    ['BOOL', 3, 5],
  ] as const)('%s at byte %i is a view of the body', (datatype, start, end) => {
    const size = wireCodec(datatype).size ?? 1;
    const data = fromBytes(datatype, body.subarray(start, end), (end - start) / size) as Float32Array;
    expect(data.buffer).toBe(body.buffer);
    expect(data.byteOffset).toBe(start);
    expect(wireCodec(datatype).toBytes(data).buffer).toBe(body.buffer);
  });

  test('unaligned, it is a copy of just these bytes, of a Buffer too', () => {
    for (const piece of [body.subarray(5, 13), Buffer.from(body.buffer, 5, 8)]) {
      const data = fromBytes('FP32', piece, 2) as Float32Array;
      expect(data.buffer).not.toBe(body.buffer);
      expect(data.buffer.byteLength).toBe(8);
    }
  });
});

test.each([
  ['BOOL', '0102', 2, /^data\[1\]: expected a byte of 0 or 1$/],
  ['FP32', '0000803f0000c07f', 2, /^data\[1\]: expected a number, got NaN$/],
  ['FP64', '000000000000f0ff', 1, /^data\[0\]: expected a number, got -Infinity$/],
  ['FP16', '007c', 1, /^data\[0\]: expected a number, got Infinity$/],
  ['BF16', 'c07f', 1, /^data\[0\]: expected a number, got NaN$/],
  ['BYTES', '0100000061', 2, /^data\[1\]: expected a length of 4 bytes, 0 are left$/],
  ['BYTES', '010000006102', 2, /^data\[1\]: expected a length of 4 bytes, 1 are left$/],
  ['BYTES', '0300000061', 1, /^data\[0\]: its length says 3 bytes, but 1 are left$/],
  ['BYTES', 'ffffffff61', 1, /^data\[0\]: its length says 4294967295 bytes, but 1 are left$/],
  ['BYTES', '010000006161', 1, /^data\[1\]: 1 bytes are left after the last of 1 elements$/],
  ['BYTES', '', 2 ** 52, /^data\[0\]: expected a length/],
] as [WireDatatype, string, number, RegExp][])('%s in binary: %s is refused', (datatype, bytes, count, error) => {
  expect(() => fromBytes(datatype, hex(bytes), count)).toThrow(error);
});

test('BYTES that are not text have no JSON; in binary they come back as they are', () => {
  const data = [Uint8Array.of(0xff, 0x00)];
  expect(() => wireCodecs.BYTES.toJson(data)).toThrow(/not valid/);
  const bytes = wireCodecs.BYTES.toBytes(data);
  expect(fromBytes('BYTES', bytes, 1)).toEqual(data);
});

test('any BYTES, any 64-bit integers: what goes out comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (elements) => {
      expect(fromBytes('BYTES', wireCodecs.BYTES.toBytes(elements), elements.length)).toEqual(elements);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
      const data = fromJson('INT64', values);
      expect(wireCodec('INT64').toJson(data)).toBe(`[${values.join()}]`);
      expect(fromBytes('INT64', wireCodec('INT64').toBytes(data), values.length)).toEqual(data);
    }),
  );
});
