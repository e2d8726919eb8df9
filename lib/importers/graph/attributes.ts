import type { Datatype } from '../../core/tensor.js';

/** An attribute of a GraphDef node in protobuf's JSON form, where text is bytes and therefore base64. */
export type Attribute = Readonly<Record<string, unknown>>;
export type Attributes = Readonly<Record<string, Attribute>>;

const typeOf: Record<Datatype, string> = { FP32: 'DT_FLOAT', INT32: 'DT_INT32', BOOL: 'DT_BOOL' };

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

export const int = (value: number): Attribute => ({ i: String(value) });
export const ints = (values: readonly number[]): Attribute => ({ list: { i: values.map(String) } });
export const float = (value: number): Attribute => ({ f: value });
export const flag = (value: boolean): Attribute => ({ b: value });
export const text = (value: string): Attribute => ({ s: base64(value) });
export const texts = (values: readonly string[]): Attribute => ({ list: { s: values.map(base64) } });
export const type = (datatype: Datatype): Attribute => ({ type: typeOf[datatype] });
export const shape = (sizes: readonly number[]): Attribute => ({ shape: tensorShape(sizes) });

/** The value of a Const node whose numbers are in the weight file. */
export const weight = (datatype: Datatype, sizes: readonly number[]): Attribute => ({
  tensor: { dtype: typeOf[datatype], tensorShape: tensorShape(sizes) },
});

/** One entry of a graph model's signature: `node` is the graph's name for it, its first output. */
export const signatureEntry = (node: string, datatype: Datatype, sizes: readonly number[]): Attribute => ({
  name: `${node}:0`,
  dtype: typeOf[datatype],
  tensorShape: tensorShape(sizes),
});

/** -1 is a dimension of any size. */
function tensorShape(sizes: readonly number[]): Attribute {
  return { dim: sizes.map((size) => ({ size: String(size) })) };
}
