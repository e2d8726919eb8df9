import { arrayOf, elementCount } from '../core/tensor.js';
import { kernelAbi } from '../kernels/abi.js';
import { CannotPlan } from './cannot-plan.js';
import type { WeightSpec } from './constants.js';
import type { Packed, StoredConstants, Weight } from './packing-constants.js';
import type { PlanGraph } from './plan-graph.js';

export const planFormat = 1;

/** plan.json: what a model is planned from when its constants are stored, without its graph file and weights. */
export interface PlanFile {
  readonly format: number;
  /** `kernelAbi` when it was made. */
  readonly kernels: number;
  /** sha256 of the model.json that it is made of. */
  readonly model: string;
  readonly graph: PlanGraph;
  /** Node → what it is; the numbers of a small one as little-endian bytes in base64, exact to the bit. */
  readonly weights: Readonly<
    Record<string, Pick<WeightSpec, 'datatype' | 'shape'> & { readonly known?: string | undefined }>
  >;
  /** Bytes of constants.bin that go to the start of the heap's constants as they are. */
  readonly bytes: number;
  /** Key → bytes from the file's start, and how many. */
  readonly constants: Readonly<Record<string, readonly [offset: number, bytes: number]>>;
  /** Weights behind those, of which a load makes what would be far larger than they are: node → bytes from the file's start. */
  readonly sources: Readonly<Record<string, number>>;
}

/** What of a plan file is needed to plan. */
export interface ReadPlan {
  readonly graph: PlanGraph;
  readonly stored: StoredConstants;
  /**
   * The small weights, and those that stand behind the constants in their file.
   * @param behind those bytes, which the weights read from
   */
  weights(behind: Uint8Array): ReadonlyMap<string, Weight>;
}

/**
 * @param of the version that it is stored beside: sha256 of its model.json, and how long its constants.bin is
 * @throws CannotPlan for a file that is not what is written now, or of another version; it says why
 */
export function readPlanFile(text: Uint8Array, of: { readonly model: string; readonly bytes: number }): ReadPlan {
  const file = parse(text);
  if (file.format !== planFormat) throw new CannotPlan(`its format is ${file.format}, ${planFormat} is known`);
  if (file.kernels !== kernelAbi) throw new CannotPlan(`it is for kernels ${file.kernels}, these are ${kernelAbi}`);
  if (file.model !== of.model) throw new CannotPlan('it is of another model.json');
  try {
    return checked(file, of.bytes);
  } catch (cause) {
    throw cause instanceof CannotPlan ? cause : new CannotPlan('it is not a plan', { cause });
  }
}

function parse(text: Uint8Array): PlanFile {
  try {
    const file: unknown = JSON.parse(Buffer.from(text).toString('utf8'));
    if (typeof file === 'object' && file !== null) return file as PlanFile;
  } catch {
    // As any other text.
  }
  throw new CannotPlan('it is not JSON');
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function checked(file: PlanFile, all: number): ReadPlan {
  const { graph, bytes } = file;
  if (!isCount(bytes) || bytes > all) throw new CannotPlan('its constants are longer than their file');
  const inside = (what: string, offset: number, size: number, end: number): void => {
    const fits = isCount(offset) && isCount(size) && offset % 4 === 0 && size % 4 === 0 && offset + size <= end;
    if (!fits) throw new CannotPlan(`its ${what} lies outside of the file`);
  };
  const specs = new Map(Object.entries(file.weights).map(([node, spec]) => [node, weightSpec(node, spec)]));
  const packedAt = new Map<string, Packed>();
  for (const [key, [offset, size]] of Object.entries(file.constants)) {
    inside(`constant '${key}'`, offset, size, bytes);
    packedAt.set(key, { offset, bytes: size, sources: [] });
  }
  const sources = Object.entries(file.sources).map(([node, offset]) => {
    const { shape } = specs.get(node) ?? { shape: [Number.NaN] };
    inside(`weight '${node}'`, offset - bytes, 4 * elementCount(shape), all - bytes);
    return [node, offset, shape] as const;
  });
  return {
    graph,
    stored: { specs, packedAt, bytes },
    weights: ({ buffer, byteOffset }) => {
      const weights = new Map<string, Weight>();
      for (const [node, { datatype, shape, known }] of specs) {
        if (known !== undefined) weights.set(node, { datatype, shape, data: arrayOf[datatype].from(known) });
      }
      for (const [node, offset, shape] of sources) {
        const data = new Float32Array(buffer, byteOffset + offset - bytes, elementCount(shape));
        weights.set(node, { datatype: 'FP32', shape, data });
      }
      return weights;
    },
  };
}

function weightSpec(node: string, { datatype, shape, known }: PlanFile['weights'][string]): WeightSpec {
  const count = elementCount(shape);
  if (!shape.every(isCount) || !(4 * count < 2 ** 31)) throw new CannotPlan(`its weight '${node}' has no such shape`);
  if (known === undefined) return { datatype, shape };
  const bytes = Uint8Array.from(Buffer.from(known, 'base64'));
  const numbers = [...new arrayOf[datatype](bytes.buffer)];
  if (numbers.length !== count) throw new CannotPlan(`its weight '${node}' has ${numbers.length} numbers`);
  return { datatype, shape, known: numbers };
}
