import { formatShape, type Tensor } from '../../core/tensor.js';
import type { WeightName } from '../keras/weight-names.js';
import { badSource } from './bad-source.js';
import type { LayerNode } from './layer-node.js';
import { type Origin, storedRoster } from './stored-roster.js';
import type { StoredWeight } from './stored-weight.js';

/** How a weight comes from the arrays of a file: nearly always one of them, as it is. */
export interface WeightRecipe {
  readonly parts: readonly StoredWeight[];
  assemble(tensors: readonly Tensor[]): Tensor;
}

/** A weight that the settings of some layer call for. */
interface ExpectedWeight {
  readonly leaf: LayerNode;
  readonly weight: WeightName;
  /** Names that its path may hold, outermost first: of the models around it, the layer, its part. */
  readonly address: readonly string[];
  readonly trained: boolean;
}

/**
 * Finds the weights of a layer, and of all layers inside it, among those that a file stores for it.
 *
 * Keras itself goes by order alone: trained weights of all layers, then the others. Names decide where they are clear, since
 * some writers sort them; the order decides else.
 * @throws INVALID_INPUT naming the layer whose weights are missing, too many, or of a wrong shape
 */
export function bindWeights(
  layer: LayerNode,
  stored: readonly StoredWeight[],
  origin: Origin,
): Map<LayerNode, Map<string, WeightRecipe>> {
  const leaves = leavesOf(layer, []);
  const unknown = leaves.find(({ leaf }) => storedRoster(leaf, origin) === undefined);
  if (unknown !== undefined) return new Map();
  const all = leaves.flatMap(({ leaf, address }) => expected(leaf, address, origin));
  const inOrder = [...all.filter(({ trained }) => trained), ...all.filter(({ trained }) => !trained)];
  if (stored.some(({ name }) => /(^|\/)lora_\w+_[ab]/.test(name))) {
    throw badSource(
      `the layer '${layer.name}' has a LoRA beside its kernel`,
      'save it as .keras, where Keras merges the two',
    );
  }
  if (inOrder.length !== stored.length) {
    const names = inOrder.map(({ weight }) => weight.name).join(', ');
    throw badSource(
      `the layer '${layer.name}' has ${stored.length} weights in the file`,
      `its settings call for ${inOrder.length}${names === '' ? '' : ` (${names.slice(0, 200)})`}: save the model again`,
    );
  }
  const found = byName(inOrder, stored) ?? byOrder(layer, inOrder, stored);
  return new Map(
    leaves.map(({ leaf }) => {
      const own = all.filter((entry) => entry.leaf === leaf).map((entry) => found.get(entry) as StoredWeight);
      return [leaf, recipesOf(leaf, own, origin)];
    }),
  );
}

/** A layer's recipes from its own arrays in the order of its roster, whose shapes are checked here. */
export function recipesOf(leaf: LayerNode, own: readonly StoredWeight[], origin: Origin): Map<string, WeightRecipe> {
  const roster = storedRoster(leaf, origin);
  if (roster === undefined) return new Map();
  roster.weights.forEach((weight, index) => {
    const { name, shape } = own[index] as StoredWeight;
    if (!fits(shape, weight.shape)) {
      throw badSource(
        `the layer '${leaf.name}' (${leaf.className}) has a ${weight.name} of shape ${formatShape(shape)} (${name})`,
        `its settings call for ${formatShape((weight.shape ?? []).map((size) => size ?? -1))}: save the model again`,
      );
    }
  });
  return roster.recipes(own);
}

function fits(shape: readonly number[], wanted: readonly (number | null)[] | undefined): boolean {
  if (wanted === undefined) return true;
  return shape.length === wanted.length && wanted.every((size, axis) => size === null || size === shape[axis]);
}

function leavesOf(layer: LayerNode, around: readonly string[]): { leaf: LayerNode; address: readonly string[] }[] {
  const address = [...around, layer.name];
  if (layer.model !== undefined) return layer.model.layers.flatMap((inner) => leavesOf(inner, address));
  if (layer.stack !== undefined) {
    return layer.stack.map((leaf) => ({ leaf, address: [...address, leaf.storedClass] }));
  }
  const children = [...layer.children].flatMap(([role, child]) => leavesOf(child, [...address, role]));
  return [{ leaf: layer, address }, ...children];
}

function expected(leaf: LayerNode, address: readonly string[], origin: Origin): ExpectedWeight[] {
  return (storedRoster(leaf, origin)?.weights ?? []).map((weight) => ({
    leaf,
    weight,
    address: [...address, ...weight.name.split('/').slice(0, -1)],
    trained: weight.trained && leaf.trainable,
  }));
}

/** Only where every name says clearly which weight it is. */
function byName(
  wanted: readonly ExpectedWeight[],
  stored: readonly StoredWeight[],
): Map<ExpectedWeight, StoredWeight> | undefined {
  const found = new Map<ExpectedWeight, StoredWeight>();
  const paths = stored.map((weight) => ({ weight, path: weight.name.split('/') }));
  for (const entry of wanted) {
    const last = lastPart(entry.weight.name);
    const candidates = paths.filter(({ path }) => lastPart(path.at(-1) ?? '') === last);
    const scores = candidates.map(
      ({ path }) => entry.address.filter((part) => path.some((step) => means(step, part))).length,
    );
    const best = Math.max(...scores);
    const winners = candidates.filter((_, index) => scores[index] === best);
    const [winner] = winners;
    if (winner === undefined || winners.length > 1) return undefined;
    found.set(entry, winner.weight);
  }
  return new Set(found.values()).size === stored.length ? found : undefined;
}

/** Directions are found in the names of their layers: `forward_lstm`. */
function means(step: string, part: string): boolean {
  return step === part || ((part === 'forward' || part === 'backward') && step.startsWith(`${part}_`));
}

function byOrder(
  layer: LayerNode,
  wanted: readonly ExpectedWeight[],
  stored: readonly StoredWeight[],
): Map<ExpectedWeight, StoredWeight> {
  const known = new Set(wanted.map(({ weight }) => lastPart(weight.name)));
  return new Map(
    wanted.map((entry, index) => {
      const weight = stored[index] as StoredWeight;
      const says = lastPart(weight.name);
      if (known.has(says) && says !== lastPart(entry.weight.name)) {
        throw badSource(
          `in the layer '${layer.name}' the weight '${weight.name}' stands where ${entry.weight.name} belongs`,
          'save the model again',
        );
      }
      return [entry, weight];
    }),
  );
}

/** `dense/kernel_1:0` → `kernel`. Keras 2 calls the kernel of a depthwise convolution so, Keras 3 doesn't. */
function lastPart(name: string): string {
  const last = name.split('/').at(-1) ?? '';
  return last.replace(/:\d+$/, '').replace(/_\d+$/, '');
}
