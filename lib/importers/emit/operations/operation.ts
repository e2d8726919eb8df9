import { arrayOf, type Datatype, makeTensor, type Tensor } from '../../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { cast } from '../../graph/ops/elementwise.js';
import type { Resolved } from '../../keras/walk.js';
import type { EmitCall } from '../emit.js';

/** A call of a function among the layers of a functional model: `keras.ops.*` of Keras 3, `tf.*` of Keras 2. */
export interface Operation {
  readonly graph: GraphBuilder;
  readonly call: EmitCall;
  /** The operand at a position, or by one of these names; numbers in the file become a constant. @throws RangeError */
  operand(position: number, ...names: readonly string[]): GraphValue;
  /** An operand that the file holds. @throws RangeError where the model computes it */
  constantOperand(position: number, ...names: readonly string[]): Tensor;
  /** Operands with the datatype that holds all of them: float32 before int32 before truth values. @throws RangeError */
  together(...places: readonly (readonly [position: number, ...names: string[]])[]): readonly GraphValue[];
  /** All operands of a list at the first position, or by name. @throws RangeError */
  operands(...names: readonly string[]): readonly GraphValue[];
  /** A constant by one of these names: an argument, or the configuration of Keras 3; undefined or null where not given. */
  setting(...names: readonly string[]): unknown;
  /** The same for what may also stand at a position. */
  settingAt(position: number, ...names: readonly string[]): unknown;
}

/** One operation's nodes. @throws RangeError for what TF.js can't do */
export type OperationEmitter = (operation: Operation) => GraphValue | readonly GraphValue[];

type Given = Resolved<GraphValue> | undefined;

export function readOperation(graph: GraphBuilder, call: EmitCall): Operation {
  const named = (names: readonly string[]): Given =>
    names.map((name) => call.kwargs[name]).find((given) => given !== undefined);
  const find = (position: number, names: readonly string[]): Given => named(names) ?? call.args[position];
  const setting = (given: Given, names: readonly string[]): unknown => {
    const value = given === undefined ? undefined : constantOf(given);
    return value ?? names.map((name) => call.layer.config[name]).find((set) => set !== undefined && set !== null);
  };
  return {
    graph,
    call,
    operand: (position, ...names) => lift(graph, find(position, names), names[0] ?? `number ${position}`),
    constantOperand: (position, ...names) => {
      const operand = operandOf(find(position, names), names[0] ?? `number ${position}`);
      if ('node' in operand)
        throw new RangeError(`its operand ${names[0]} is computed by the model, which is not supported`);
      return operand;
    },
    together: (...places) => {
      const given = places.map(([position, ...names]) =>
        operandOf(find(position, names), names[0] ?? 'without a name'),
      );
      const datatype = widest(given.map((operand) => operand.datatype));
      return given.map((operand) =>
        'node' in operand ? cast(graph, operand, datatype) : graph.constant(converted(operand, datatype), 'operand'),
      );
    },
    operands: (...names) => {
      const given = find(0, names);
      if (given?.kind !== 'list') throw new RangeError('it takes a list');
      return given.items.map((item) => lift(graph, item, 'of the list'));
    },
    setting: (...names) => setting(named(names), names),
    settingAt: (position, ...names) => setting(find(position, names), names),
  };
}

/** What an argument is without values of the model in it. @throws RangeError where there are some */
export function constantOf(given: Resolved<GraphValue>): unknown {
  if (given.kind === 'constant') return given.value;
  if (given.kind === 'list') return given.items.map(constantOf);
  throw new RangeError('a setting that is computed by the model is not supported');
}

/** A value of the model, or numbers of the file. */
function operandOf(given: Given, name: string): GraphValue | Tensor {
  if (given === undefined) throw new RangeError(`its operand ${name} is missing`);
  return given.kind === 'value' ? given.value : tensorOf(constantOf(given));
}

function lift(graph: GraphBuilder, given: Given, name: string): GraphValue {
  const operand = operandOf(given, name);
  return 'node' in operand ? operand : graph.constant(operand, 'operand');
}

function widest(datatypes: readonly Datatype[]): Datatype {
  return (['FP32', 'INT32'] as const).find((datatype) => datatypes.includes(datatype)) ?? 'BOOL';
}

function converted({ datatype, shape, data }: Tensor, to: Datatype): Tensor {
  return datatype === to ? ({ datatype, shape, data } as Tensor) : makeTensor(to, shape, arrayOf[to].from(data));
}

/** Numbers or truth values, nested, as they are in the file. @throws RangeError */
function tensorOf(value: unknown): Tensor {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: readonly unknown[] = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
  if (flat.length === 0) throw new RangeError('an operand without numbers is not supported');
  if (flat.every((item) => typeof item === 'boolean')) return makeTensor('BOOL', shape, Uint8Array.from(flat, Number));
  if (!flat.every((item) => typeof item === 'number')) throw new RangeError(`${JSON.stringify(value)} is no operand`);
  const numbers = flat as readonly number[];
  return numbers.every(Number.isInteger)
    ? makeTensor('INT32', shape, Int32Array.from(numbers))
    : makeTensor('FP32', shape, Float32Array.from(numbers));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same for values that are there already. */
export function promoted(graph: GraphBuilder, values: readonly GraphValue[]): readonly GraphValue[] {
  const datatype = widest(values.map((value) => value.datatype));
  return values.map((value) => cast(graph, value, datatype));
}

/** An axis or several, counted from the end where negative; all where none is given. @throws RangeError */
export function axesOf(value: unknown, rank: number): readonly number[] {
  if (value === undefined || value === null) return Array.from({ length: rank }, (_, axis) => axis);
  return integersOf(Array.isArray(value) ? value : [value]).map((axis) => axisOf(axis, rank));
}

/** @throws RangeError */
export function axisOf(value: unknown, rank: number): number {
  const [axis = Number.NaN] = integersOf([value]);
  const at = axis < 0 ? axis + rank : axis;
  if (!(at >= 0 && at < rank)) throw new RangeError(`axis ${axis} is not among ${rank}`);
  return at;
}

/** @throws RangeError */
export function integersOf(value: unknown): readonly number[] {
  if (Array.isArray(value) && value.every(Number.isInteger)) return value as number[];
  throw new RangeError(`${JSON.stringify(value)} should be integers`);
}

/** @throws RangeError */
export function integerOf(value: unknown): number {
  return integersOf([value])[0] as number;
}

/** The operand that most operations have, whatever its name. @throws RangeError */
export function firstOperand({ operand }: Operation): GraphValue {
  return operand(0, 'x', 'input', 'tensor', 'value', 'values', 'a', 'params');
}

/** An axis' size, for what can't be done without. @throws RangeError */
export function knownSize(x: GraphValue, axis: number): number {
  const size = x.shape[axis] ?? -1;
  if (size === -1) throw new RangeError(`the size of axis ${axis} is known only at a request`);
  return size;
}
