import type { LoadedModel } from '../core/engine.js';
import type { Tensors } from '../core/tensor.js';

/** A model that is loaded when it is first needed. What fails, or can't be trusted any more, is loaded again. */
export interface LazyModel {
  predict(inputs: Tensors): Promise<Tensors>;
  dispose(): void;
}

export function lazyModel(load: () => Promise<LoadedModel>): LazyModel {
  let loading: Promise<LoadedModel> | undefined;

  const present = async (): Promise<LoadedModel> => {
    loading ??= load();
    const mine = loading;
    try {
      const model = await mine;
      if (model.usable) return model;
      if (loading === mine) {
        loading = undefined;
        model.dispose();
      }
      return await present();
    } catch (error) {
      if (loading === mine) loading = undefined;
      throw error;
    }
  };
  return {
    predict: async (inputs) => (await present()).predict(inputs),
    dispose: () => {
      loading?.then(
        (model) => model.dispose(),
        () => undefined,
      );
      loading = undefined;
    },
  };
}
