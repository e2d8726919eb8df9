import type { Task } from '../core/task.js';
import { audioClassification } from '../tasks/audio-classification.js';
import { forecast } from '../tasks/forecast.js';
import { imageClassification } from '../tasks/image-classification.js';
import { tensor } from '../tasks/tensor.js';
import { textClassification } from '../tasks/text-classification.js';

/** What a model without a file in functions/ is served with, and what `publish` holds a task file against. */
export const builtInTasks: readonly Task[] = [
  imageClassification,
  audioClassification,
  textClassification,
  forecast,
  tensor,
];

/** A built-in task's name in a manifest → its name in `lib/index.ts`. */
export const exportedAs: ReadonlyMap<string, string> = new Map([
  [imageClassification.name, 'imageClassification'],
  [audioClassification.name, 'audioClassification'],
  [textClassification.name, 'textClassification'],
  [forecast.name, 'forecast'],
  [tensor.name, 'tensor'],
]);
