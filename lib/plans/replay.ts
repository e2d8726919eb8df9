import { elementCount, makeTensor, type Tensor, type Tensors } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { growTo } from './heap.js';
import type { PlacedTensor, Plan } from './plan.js';

/** An index of the input is outside of the table that it points into. */
export class IndexOutside extends Error {
  override readonly name = 'IndexOutside';
}

export interface Replay {
  /**
   * Computes a plan for inputs of its shapes. One heap computes one plan at a time, from start to end.
   * @returns outputs in memory of their own
   * @throws HeapFull before anything is computed, IndexOutside
   */
  run(plan: Plan, inputs: Tensors): Tensor[];
}

export function createReplay(kernels: Kernels): Replay {
  const { memory } = kernels;
  let floats = new Float32Array(memory.buffer);
  let integers = new Int32Array(memory.buffer);
  /** Its literals are in the heap. */
  let last: Plan | undefined;

  const prepare = (plan: Plan): void => {
    if (memory.buffer.byteLength < plan.end) growTo(memory, plan.end);
    // Growing takes away the memory that views were on.
    if (floats.buffer !== memory.buffer) {
      floats = new Float32Array(memory.buffer);
      integers = new Int32Array(memory.buffer);
    }
    if (last === plan) return;
    integers.set(plan.literals.words, plan.literals.at / 4);
    last = plan;
  };
  const write = ({ name, at }: PlacedTensor, inputs: Tensors): void => {
    const { datatype, data } = inputs.get(name) as Tensor;
    (datatype === 'FP32' ? floats : integers).set(data, at / 4);
  };
  const read = ({ datatype, shape, at }: PlacedTensor): Tensor => {
    const [from, to] = [at / 4, at / 4 + elementCount(shape)];
    if (datatype === 'FP32') return makeTensor(datatype, shape, floats.slice(from, to));
    const words = integers.subarray(from, to);
    return makeTensor(datatype, shape, datatype === 'INT32' ? words.slice() : Uint8Array.from(words));
  };
  return {
    run: (plan, inputs) => {
      prepare(plan);
      for (const input of plan.inputs) write(input, inputs);
      for (const { kernel, args } of plan.calls) {
        if (kernels[kernel](...args) === 1) throw new IndexOutside('an index is outside of its table');
      }
      return plan.outputs.map(read);
    },
  };
}
