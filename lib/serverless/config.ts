import * as v from 'valibot';
import { namePattern } from '../core/manifest.js';

/**
 * Lambda gives a function CPU in proportion to its memory: 1,769 MB is one whole vCPU. The engine computes on one thread, so
 * more buys no speed, and less is slower at about the same price per answer.
 */
const oneCpu = 1769;

const unknownKey = 'is not a setting modelet knows; a model has: memory, concurrency';
const memory = 'must be a whole number of MB from 128 to 10240';
/** SQS' own bounds for an event source. */
const concurrency = 'must be a whole number of uploads worked on at once, from 2 to 1000';
const settingsSchema = v.strictObject(
  {
    memory: v.optional(
      v.pipe(v.number(memory), v.integer(memory), v.minValue(128, memory), v.maxValue(10_240, memory)),
    ),
    concurrency: v.optional(
      v.pipe(v.number(concurrency), v.integer(concurrency), v.minValue(2, concurrency), v.maxValue(1000, concurrency)),
    ),
  },
  (issue) => (issue.expected === 'never' ? unknownKey : 'must be a mapping such as {} or { memory: 3008 }'),
);

const sectionSchema = v.strictObject(
  {
    models: v.pipe(
      v.record(
        v.pipe(
          v.string(),
          v.regex(namePattern, 'is no model name: use 1 to 40 of a-z, 0-9 and "-", with "-" only inside'),
        ),
        v.nullish(settingsSchema, {}),
        'must be a mapping from model names to settings, e.g. { digits: {} }',
      ),
      v.minEntries(1, 'names no model; add one, e.g. { digits: {} }'),
    ),
  },
  (issue) => {
    if (issue.expected === 'never') return 'is not a setting modelet knows; there is only: models';
    return 'must hold the models to deploy, e.g. { models: { digits: {} } }';
  },
);

/** One model to deploy. */
export interface ModelConfig {
  readonly name: string;
  /** MB, of the function behind the API and of the one behind the queue. */
  readonly memory: number;
  /** Uploads that are worked on at once. */
  readonly concurrency: number;
}

/**
 * Reads `custom.modelet` of serverless.yml.
 * @param hasEntry whether `functions/<name>.ts` exists
 * @throws Error, one line naming the place and what would be right
 */
export function readModels(section: unknown, hasEntry: (name: string) => boolean): ModelConfig[] {
  const parsed = v.safeParse(sectionSchema, section, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const path = ['custom.modelet', v.getDotPath(issue)].filter((part) => part !== null).join('.');
    throw new Error(`${path} ${issue.message}`);
  }
  const models = Object.entries(parsed.output.models).map(([name, settings]) => ({
    name,
    memory: settings.memory ?? oneCpu,
    // A hundredth of the 1,000 that an account has by default: batch must not starve those who wait for an answer.
    concurrency: settings.concurrency ?? 10,
  }));
  for (const { name } of models) checkName(name, models, hasEntry);
  return models;
}

/** The function that works on a model's uploads. */
export const batchKey = (model: string): string => `${model}-batch`;

function checkName(name: string, models: readonly ModelConfig[], hasEntry: (name: string) => boolean): void {
  const where = `custom.modelet.models.${name}`;
  if (name === 'catalog') throw new Error(`${where} is taken by the function that lists the models; rename the model`);
  const owner = models.find((other) => batchKey(other.name) === name);
  if (owner) throw new Error(`${where} is taken by the batch function of ${owner.name}; rename one of them`);
  if (!hasEntry(name)) throw new Error(`${where} has no functions/${name}.ts; write it with: npx modelet new ${name}`);
  // The framework names a route's resource after its letters and digits alone: /v1/models/a:predict and /v1/models/apredict meet.
  const twin = models.find((other) => [`${other.name}predict`, `${other.name}classify`].includes(name));
  if (twin)
    throw new Error(`${where} can't stand beside ${twin.name}: their routes would share a name; rename one of them`);
}
