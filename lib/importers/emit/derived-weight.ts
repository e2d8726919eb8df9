import type { Tensor } from '../../core/tensor.js';

const derived = new WeakMap<Tensor, Map<string, Tensor>>();

/** A weight in another form, the same tensor at every use of a shared layer: so that the graph holds it once. */
export function derivedWeight(weight: Tensor, form: string, make: (weight: Tensor) => Tensor): Tensor {
  const forms = derived.get(weight) ?? new Map<string, Tensor>();
  derived.set(weight, forms);
  const made = forms.get(form) ?? make(weight);
  forms.set(form, made);
  return made;
}
