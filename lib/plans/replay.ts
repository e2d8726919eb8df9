import { elementCount, makeTensor, type Tensor, type Tensors } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { growTo } from './heap.js';
import type { PlacedTensor, Plan } from './plan.js';

/** An index of the input is outside of the table that it points into. */
export class IndexOutside extends Error {
  override readonly name = 'IndexOutside';
}

/** What a kernel returns that met such an index; all others return 0 or nothing. */
export const outside = 1;

/** A heap as a plan's inputs and outputs see it. */
export interface PlanMemory {
  /**
   * Makes room for a plan, and brings its literals in.
   * @throws HeapFull
   */
  prepare(plan: Plan): void;
  write(plan: Plan, inputs: Tensors): void;
  /** The outputs, in memory of their own. */
  read(plan: Plan): Tensor[];
}

export function planMemory({ memory }: Pick<Kernels, 'memory'>): PlanMemory {
  let floats = new Float32Array(memory.buffer);
  let integers = new Int32Array(memory.buffer);
  /** Its literals are in the heap. */
  let last: Plan | undefined;

  const read = ({ datatype, shape, at }: PlacedTensor): Tensor => {
    const [from, to] = [at / 4, at / 4 + elementCount(shape)];
    if (datatype === 'FP32') return makeTensor(datatype, shape, floats.slice(from, to));
    const words = integers.slice(from, to);
    return makeTensor(datatype, shape, datatype === 'INT32' ? words : Uint8Array.from(words));
  };
  return {
    prepare: (plan) => {
      growTo(memory, plan.end);
      // A view does not grow with its memory.
      if (floats.buffer !== memory.buffer) {
        floats = new Float32Array(memory.buffer);
        integers = new Int32Array(memory.buffer);
      }
      if (last === plan) return;
      integers.set(plan.literals.words, plan.literals.at / 4);
      last = plan;
    },
    write: ({ inputs }, tensors) => {
      for (const { name, at } of inputs) {
        const { datatype, data } = tensors.get(name) as Tensor;
        (datatype === 'FP32' ? floats : integers).set(data, at / 4);
      }
    },
    read: ({ outputs }) => outputs.map(read),
  };
}

export interface Replay {
  /**
   * Computes a plan for inputs of its shapes, from start to end.
   * @returns outputs in memory of their own
   * @throws HeapFull before anything is computed, IndexOutside
   */
  run(plan: Plan, inputs: Tensors): Tensor[];
}

export function createReplay(kernels: Kernels): Replay {
  const heap = planMemory(kernels);
  return {
    run: (plan, inputs) => {
      heap.prepare(plan);
      heap.write(plan, inputs);
      for (const { kernel, args } of plan.calls) {
        if (kernels[kernel](...args) === outside) throw new IndexOutside('an index is outside of its table');
      }
      return heap.read(plan);
    },
  };
}
