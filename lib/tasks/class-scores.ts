import { ModeletError } from '../core/errors.js';
import { elementCount, formatShape, type Signature, type Tensors } from '../core/tensor.js';

const listed = 5;

/** The answer of every classification task: the best label, and the best few with their scores. */
export interface ClassScores {
  readonly label: string;
  readonly score: number;
  readonly top: readonly { readonly label: string; readonly score: number }[];
}

/**
 * Holds a task's labels against the model.
 * @throws MODEL_CORRUPT when the model has not one output of a score for each label
 */
export function checkLabels(labels: readonly string[], { outputs }: Signature): void {
  const [output, ...others] = outputs;
  const open = output?.shape.slice(1).includes(-1);
  const count = elementCount((output?.shape ?? []).filter((size) => size !== -1));
  if (others.length === 0 && output?.datatype === 'FP32' && (open || count === labels.length)) return;
  const found = `${outputs.length} output(s), the first ${output?.datatype} ${formatShape(output?.shape ?? [])}`;
  throw new ModeletError('MODEL_CORRUPT', `the task has ${labels.length} labels, but the model has ${found}`);
}

/**
 * One example's scores → labels, best first; equal scores in the order of the labels.
 * @param outputs one output of shape [labels.length]
 * @throws MODEL_CORRUPT when the model has other outputs than the labels need
 */
export function classScores(outputs: Tensors, labels: readonly string[], signature: Signature): ClassScores {
  const scores = [...outputs.values()][0]?.data;
  if (signature.outputs.length !== 1 || scores?.length !== labels.length) {
    const count = `${signature.outputs.length} output(s), the first of ${scores?.length ?? 0} values`;
    throw new ModeletError('MODEL_CORRUPT', `the task has ${labels.length} labels, but the model ${count}`);
  }
  const top = labels
    .map((label, index) => ({ label, score: scores[index] as number }))
    .sort((a, b) => b.score - a.score)
    .slice(0, listed);
  const [best] = top;
  if (best === undefined) throw new ModeletError('MODEL_CORRUPT', 'the task has no labels');
  return { ...best, top };
}
