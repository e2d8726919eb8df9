import { ModeletError } from './errors.js';
import type { Instance } from './instance.js';
import type { Signature, Tensors } from './tensor.js';

/** The part of Standard Schema (https://standardschema.dev) that task options need; valibot's and zod's schemas have it. */
export interface OptionsSchema<Options> {
  readonly '~standard': {
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: unknown; readonly output: Options } | undefined;
  };
}

export interface TaskContext<Options> {
  /** The version's own options, from its manifest: labels, sizes, scales, vocabularies. */
  readonly options: Options;
  readonly signature: Signature;
}

/** What preprocessing gives: at once, or where it has to wait. */
type MaybeLater = Tensors | Promise<Tensors>;

export interface TaskDefinition<Options, Prepared extends MaybeLater = MaybeLater> {
  /** Name and major version, e.g. `image-classification@1`: what a manifest's `task.name` must say. */
  readonly name: `${string}@${number}`;
  readonly options: OptionsSchema<Options>;
  /** Media types that the task route takes beside application/json, each one file an instance. */
  readonly mediaTypes: readonly string[];
  /**
   * Holds the options against the model's signature, before anything is preprocessed.
   * @throws MODEL_CORRUPT saying what does not fit
   */
  check?(context: TaskContext<Options>): void;
  /**
   * A file or the task's own JSON → the network's inputs for one example, without the batch axis.
   * Nested numbers never come here: they are the input already. A promise may be returned: code that only some requests need
   * is imported here, not at the top, where each cold start would read it.
   * @throws INVALID_INPUT that says what would be right
   */
  preprocess(instance: Exclude<Instance, { kind: 'numbers' }>, context: TaskContext<Options>, field: string): Prepared;
  /**
   * One example's outputs, without the batch axis → the fields of the answer.
   * @param instance what came in, where the answer speaks of it; undefined where only the outputs are known
   */
  postprocess(
    outputs: Tensors,
    context: TaskContext<Options>,
    instance: Instance | undefined,
  ): Readonly<Record<string, unknown>>;
}

/** A task whose options are not looked at yet. */
export interface Task<Prepared extends MaybeLater = MaybeLater> {
  readonly name: string;
  readonly mediaTypes: readonly string[];
  /** @throws MODEL_CORRUPT when the manifest's options are not this task's, or don't fit the model */
  bind(options: unknown, signature: Signature): BoundTask<Prepared>;
}

/** A task as one version of a model has it. */
export interface BoundTask<Prepared extends MaybeLater = MaybeLater> {
  preprocess(instance: Exclude<Instance, { kind: 'numbers' }>, field: string): Prepared;
  postprocess(outputs: Tensors, instance?: Instance): Readonly<Record<string, unknown>>;
}

/** Makes a task of one's own; the built-in ones are made by it too. */
export function defineTask<Options, Prepared extends MaybeLater>(
  definition: TaskDefinition<Options, Prepared>,
): Task<Prepared> {
  return {
    name: definition.name,
    mediaTypes: definition.mediaTypes,
    bind: (raw, signature) => {
      const context = { options: validated(definition, raw), signature };
      definition.check?.(context);
      return {
        preprocess: (instance, field) => definition.preprocess(instance, context, field),
        postprocess: (outputs, instance) => definition.postprocess(outputs, context, instance),
      };
    },
  };
}

function validated<Options>({ name, options }: TaskDefinition<Options>, raw: unknown): Options {
  const result = options['~standard'].validate(raw) as
    | { value: Options; issues?: undefined }
    | { issues: readonly { message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] }[] };
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  throw new ModeletError(
    'MODEL_CORRUPT',
    `options of task ${name}: ${path === '' ? '' : `${path}: `}${issue?.message ?? 'invalid'}`,
  );
}
