import type { Signature, Tensor, TensorSpec } from '../core/tensor.js';

export type { Signature, TensorSpec };

type ArrayOf<D> = Extract<Tensor, { readonly datatype: D }>['data'];

/** -1 takes any size; the rest of a shape is fixed. */
type SizesOf<Shape extends readonly number[]> = {
  readonly [Axis in keyof Shape]: Shape[Axis] extends -1 ? number : Shape[Axis];
};

/** A tensor that a spec allows: row-major, of the typed array that its datatype has. */
export interface TensorOf<Spec extends TensorSpec> {
  readonly shape: SizesOf<Spec['shape']>;
  readonly data: ArrayOf<Spec['datatype']>;
}

/** All of a signature's inputs, by name. */
export type InputsOf<S extends Signature> = { readonly [Spec in S['inputs'][number] as Spec['name']]: TensorOf<Spec> };

export type OutputName<S extends Signature> = S['outputs'][number]['name'];

/** A signature's outputs by name, or those of them that were asked for. */
export type OutputsOf<S extends Signature, Wanted extends OutputName<S> = OutputName<S>> = {
  readonly [Spec in S['outputs'][number] as Spec['name'] extends Wanted ? Spec['name'] : never]: TensorOf<Spec>;
};
