import { expect, test } from '@jest/globals';
import type { Datatype } from '../../lib/core/tensor.js';
import { isConvertible, type WireDatatype, wireCodec, wireCodecs } from '../../lib/core/wire-datatypes.js';
import { tensorFromWire } from '../../lib/core/wire-tensor.js';

const at = (index: number) => `data[${index}]`;
const convert = (from: WireDatatype, values: readonly unknown[], to: Datatype) =>
  tensorFromWire({ datatype: from, shape: [values.length], data: wireCodec(from).fromJson(values, at) }, to, at);

test('numbers are convertible, BOOL and BYTES are only themselves', () => {
  const into = (to: Datatype) => (Object.keys(wireCodecs) as WireDatatype[]).filter((from) => isConvertible(from, to));
  const numeric = Object.keys(wireCodecs).filter((name) => name !== 'BOOL' && name !== 'BYTES');
  expect(into('BOOL')).toEqual(['BOOL']);
  expect(into('FP32')).toEqual(numeric);
  expect(into('INT32')).toEqual(numeric);
});

test.each([
  ['INT64', [-(2 ** 31), 0, 2 ** 31 - 1], 'INT32'],
  ['UINT64', [2 ** 31 - 1], 'INT32'],
  ['UINT32', [7], 'INT32'],
  ['INT8', [-128, 127], 'INT32'],
  ['UINT8', [255], 'INT32'],
  ['INT16', [-32_768], 'INT32'],
  ['UINT16', [65_535], 'INT32'],
  ['FP64', [3, -0], 'INT32'],
  ['FP64', [0.5, -1.25, 2 ** 100], 'FP32'],
  ['FP16', [0.5, 65_504], 'FP32'],
  ['BF16', [0.5, 2 ** 120], 'FP32'],
  ['INT32', [2 ** 24, -(2 ** 31)], 'FP32'],
  ['INT64', [2n ** 53n, 2n ** 60n], 'FP32'],
  ['UINT64', [2n ** 63n], 'FP32'],
] as [WireDatatype, (number | bigint)[], Datatype][])('%s %j is exactly %s', (from, values, to) => {
  const { datatype, data } = convert(from, values, to);
  expect(datatype).toBe(to);
  expect(Array.from(data, (value) => value + 0)).toEqual(values.map((value) => Number(value) + 0));
});

test.each([
  ['INT64', 2 ** 31, 'INT32'],
  ['INT64', 2n ** 62n, 'INT32'],
  ['UINT32', 2 ** 31, 'INT32'],
  ['FP64', 0.5, 'INT32'],
  ['FP32', 1e10, 'INT32'],
  ['FP64', 0.1, 'FP32'],
  ['FP64', 1e300, 'FP32'],
  ['FP64', 1e-300, 'FP32'],
  ['INT32', 2 ** 24 + 1, 'FP32'],
  ['INT64', 2n ** 53n + 1n, 'FP32'],
  ['UINT64', 2n ** 64n - 1n, 'FP32'],
] as [WireDatatype, number | bigint, Datatype][])('%s %s would lose something as %s', (from, value, to) => {
  expect(() => convert(from, [1, value], to)).toThrow(
    `data[1]: the ${from} that came is not exactly an ${to}, which is expected`,
  );
});

test('its own datatype is the same memory', () => {
  const data = Float32Array.of(1, 2);
  expect(tensorFromWire({ datatype: 'FP32', shape: [2], data }, 'FP32', at).data).toBe(data);
});
