import { largestDifference } from '../core/difference.js';
import type { LoadedModel } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { Golden } from '../core/stored-tensor.js';
import { fitsShape, formatShape, type Tensor } from '../core/tensor.js';

/**
 * Predicts the manifest's golden input and holds the result against its golden output. It is also the warm-up: kernels are
 * compiled and every weight is touched, so the first request costs what later ones cost.
 * @param golden the manifest's golden example, read
 * @returns the largest difference, relative to max(1, |expected|)
 * @throws MODEL_CORRUPT when the difference is over the manifest's tolerance
 */
export async function goldenCheck(model: LoadedModel, manifest: Manifest, golden: Golden): Promise<number> {
  const outputs = await model.predict(golden.inputs);
  let worst = 0;
  for (const [name, expected] of golden.outputs) {
    const difference = relativeDifference(outputs.get(name), expected);
    if (!(difference <= manifest.golden.tolerance)) throw mismatch(manifest, name, difference);
    worst = Math.max(worst, difference);
  }
  return worst;
}

function relativeDifference(actual: Tensor | undefined, expected: Tensor): number {
  if (actual === undefined || !fitsShape(expected.shape, actual.shape)) return Number.POSITIVE_INFINITY;
  return largestDifference(actual, expected).relative;
}

function mismatch({ model, version, golden }: Manifest, name: string, difference: number): ModeletError {
  const found = Number.isFinite(difference) ? `by ${difference.toExponential(1)}` : 'in shape or by NaN';
  const shape = formatShape(golden.outputs.find((output) => output.name === name)?.shape ?? []);
  return new ModeletError(
    'MODEL_CORRUPT',
    `${model}@${version} does not reproduce its golden output '${name}' ${shape}: it differs ${found}, ` +
      `allowed is ${golden.tolerance}; it is not served`,
  );
}
