import { registerOp } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { registerInt64Ops } from './int64-ops.js';
import { registerRecurrent } from './recurrent/register-recurrent.js';

let done = false;

/** Our own op, and ops that TF.js' converter maps wrongly; once a process, before the first graph is read. */
export function repairConverter(): void {
  if (done) return;
  done = true;
  registerRecurrent();
  registerInt64Ops();
  // A condition of one dimension chooses whole rows; TF.js takes Select for SelectV2, which aligns it with the last axis instead.
  registerOp('Select', ({ inputs }) => {
    const [condition, yes, no] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
    const byRow = condition.rank === 1 && yes.rank > 1;
    const rows = byRow ? tf.reshape(condition, [condition.size, ...Array<number>(yes.rank - 1).fill(1)]) : condition;
    return tf.where(rows as tf.Tensor, yes, no);
  });
}
