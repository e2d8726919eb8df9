import { join } from 'node:path';
import { cachingHandler, type FunctionName, makeFunction } from './functions.js';
import type { Model } from './networks.js';
import type { Question } from './question.js';
import type { Stage } from './stage.js';
import { type Start, startFunction, startPython } from './start.js';

/** What is started, by the name that the tables have for it. */
export const names = {
  idle: 'an empty handler',
  floor: 'floor: the same reads, a constant answer',
  modelet: 'modelet',
  naive: '`@tensorflow/tfjs` + wasm, naive',
  onnxruntime: '`onnxruntime-node`',
  'tfjs-node': '`@tensorflow/tfjs-node`',
  tensorflow: 'TensorFlow in Python',
} as const;
export type Name = keyof typeof names;

export interface Variant {
  readonly model: Model;
  readonly name: Name;
  /** With V8's code cache of an earlier start. */
  readonly cached: boolean;
  start(): Promise<Start>;
}

/** The variants of one model, ready to be started; those with a code cache have had the start that makes it. */
export async function makeVariants(
  { model, question, stage }: { readonly model: Model; readonly question: Question; readonly stage: Stage },
  chosen: readonly Name[],
  { codeCache }: { readonly codeCache: readonly Name[] },
): Promise<Variant[]> {
  const env = { ...stage.env(model), ANSWER: question.answer };
  const variants: Variant[] = [];
  for (const name of chosen) {
    if (name === 'tensorflow') {
      variants.push({ model, name, cached: false, start: () => startPython(env, question) });
      continue;
    }
    const folder = await makeFunction(functionOf(name, model), stage.folder);
    const start = (handler: string, more: Readonly<Record<string, string>> = {}) =>
      startFunction({ folder, handler, env: { ...env, ...more } }, question);
    variants.push({ model, name, cached: false, start: () => start('index.handler') });
    if (!codeCache.includes(name)) continue;
    const cache = { NODE_COMPILE_CACHE: join(stage.folder, 'code-cache', `${model}-${name}`) };
    await start(cachingHandler, cache);
    variants.push({ model, name, cached: true, start: () => start('index.handler', cache) });
  }
  return variants;
}

function functionOf(name: Exclude<Name, 'tensorflow'>, model: Model): FunctionName {
  return name === 'modelet' ? model : name;
}
