import { exampleSpecs } from '../core/batching.js';
import type { Manifest } from '../core/manifest.js';
import { anyObject, arrayOf, byName, type Json, object, oneOfTexts, rowOutputs } from './openapi-schema.js';

/** How a task's requests and answers look. The tasks themselves bring decoders, which the catalog has no room for. */
export interface TaskShape {
  /** Files that the task route takes. A test holds them against the task. */
  readonly mediaTypes: readonly string[];
  /** A small file that the version reads, in base64. */
  readonly file?: (manifest: Manifest) => string;
  /** The task's own JSON; undefined where an instance is a file or nested numbers. */
  readonly instance?: (manifest: Manifest) => Json;
  /** One of those that the version answers. */
  readonly example?: (manifest: Manifest) => Json;
  /** The fields of an answer. */
  readonly answer: (manifest: Manifest) => Readonly<Record<string, Json>>;
  /** Those of them that only a file's answer has. */
  readonly ofFiles?: readonly string[];
}

/** 8 × 8 pixels: a stroke of light ink on dark, which any image model takes. */
const stroke = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAADklEQVR42mNgYJBAggwABJAAkWVkwUQAAAAASUVORK5CYII=';

/** Eight samples of 16 bits at 8 kHz: one period of a tone of 1 kHz. */
const tone = 'UklGRjQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YRAAAAAAALgLoA+4CwAASPRg8Ej0';

const score: Json = { type: 'number' };

/** A label, its score, and the best few: what every classification answers. */
function classes({ task }: Manifest): Readonly<Record<string, Json>> {
  const label = oneOfTexts(task.options.labels as readonly string[]);
  return { label, score, top: arrayOf(object({ label, score }), { minItems: 1, maxItems: 5 }) };
}

const seconds: Json = { type: 'number' };
const count: Json = { type: 'integer', minimum: 0 };

/** Words that are surely in the vocabulary: a text without one is refused. */
const someWords = ({ task }: Manifest): string => (task.options.vocabulary as readonly string[]).slice(0, 3).join(' ');

export const taskShapes: Readonly<Record<string, TaskShape>> = {
  'image-classification@1': {
    mediaTypes: ['image/png', 'image/jpeg'],
    file: () => stroke,
    answer: classes,
  },
  'audio-classification@1': {
    mediaTypes: ['audio/wav'],
    file: () => tone,
    answer: (manifest) => ({
      ...classes(manifest),
      window: object({ start: seconds, end: seconds, of: seconds }),
    }),
    ofFiles: ['window'],
  },
  'text-classification@1': {
    mediaTypes: ['text/plain'],
    file: (manifest) => Buffer.from(someWords(manifest)).toString('base64'),
    instance: () => object({ text: { type: 'string', minLength: 1 } }),
    example: (manifest) => ({ text: someWords(manifest) }),
    answer: (manifest) => ({ ...classes(manifest), tokens: object({ read: count, known: count, of: count }) }),
    ofFiles: ['tokens'],
  },
  'forecast@1': {
    mediaTypes: ['text/csv'],
    instance: ({ task: { options } }) =>
      object(
        {
          series: arrayOf({ type: 'number' }, { minItems: options.window }),
          horizon: { type: 'integer', minimum: 1, maximum: options.horizon },
        },
        ['horizon'],
      ),
    answer: ({ task: { options } }) => {
      const steps = arrayOf({ type: 'number' }, { minItems: 1, maxItems: options.horizon });
      return { forecast: steps, lower: steps, upper: steps, level: { type: 'number' } };
    },
  },
  'tensor@1': {
    mediaTypes: [],
    instance: ({ signature }) => byName(exampleSpecs(signature)),
    answer: ({ signature }) => ({ outputs: byName(rowOutputs(signature)) }),
  },
};

/** A task of one's own: its JSON is some object. */
const unknown: TaskShape = { mediaTypes: [], instance: () => anyObject, answer: () => ({}) };

export const taskShape = ({ task }: Manifest): TaskShape => taskShapes[task.name] ?? unknown;

export const exampleFile = (manifest: Manifest): string | undefined => taskShape(manifest).file?.(manifest);

export const takesFiles = (manifest: Manifest): boolean => taskShape(manifest).mediaTypes.length > 0;
