import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { Tensors } from '../core/tensor.js';
import type { Timings } from '../core/timings.js';
import type { Service } from '../service.js';

/** Errors that a record can bring about; any other is the model's or the store's. */
const ofRecords: readonly string[] = ['INVALID_INPUT', 'INVALID_REQUEST', 'INFERENCE_FAILED'];

/**
 * Predicts examples in one pass. Where that fails because of some of them, the rest is predicted without those: halves of
 * halves, until each that fails is alone.
 * @param onTooLarge told when memory ran out
 * @returns for each example its outputs or why it has none
 * @throws what is not the fault of an example: MODEL_CORRUPT, MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_UNAVAILABLE
 */
export async function predictApart(
  service: Service,
  manifest: Manifest,
  examples: readonly Tensors[],
  timings: Timings,
  onTooLarge: () => void,
): Promise<(Tensors | ModeletError)[]> {
  const apart = async (some: readonly Tensors[], again = true): Promise<(Tensors | ModeletError)[]> => {
    try {
      return await service.predictPrepared(manifest, some, timings, some.length);
    } catch (error) {
      if (isUnavailable(error)) {
        // Memory ran out, or the store did not answer while the model was loaded. Where it still does not, this throws.
        await service.ready(manifest, timings);
        if (again) return apart(some, false);
        onTooLarge();
      }
      const reason = reasonOf(error);
      if (!ofRecords.includes(reason.code)) throw error;
      if (some.length === 1) return [reason];
      const half = some.length >> 1;
      return [...(await apart(some.slice(0, half))), ...(await apart(some.slice(half)))];
    }
  };

  return examples.length === 0 ? [] : apart(examples);
}

const isUnavailable = (error: unknown): boolean => error instanceof ModeletError && error.code === 'MODEL_UNAVAILABLE';

/** Why one record failed. What is no ModeletError comes from a task's code and may quote the record. */
export function reasonOf(error: unknown): ModeletError {
  if (!(error instanceof ModeletError)) {
    return new ModeletError('INFERENCE_FAILED', 'the task failed on this record', { cause: error });
  }
  if (error.code !== 'MODEL_UNAVAILABLE') return error;
  const message = 'the model ran out of memory or trapped on this record alone, twice; send it smaller';
  return new ModeletError('INFERENCE_FAILED', message, { cause: error });
}
