import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isMap, type Node, parseDocument, type Scalar } from 'yaml';
import { ModeletError } from '../core/errors.js';
import { namePattern } from '../core/manifest.js';
import { production } from '../core/version-ref.js';
import { exportedAs } from './built-in-tasks.js';
import type { Verb, VerbCall } from './verb.js';

const service = 'serverless.yml';

export const scaffold: Verb = {
  name: 'new',
  usage: 'modelet new MODEL',
  summary: "a model's own function: writes functions/MODEL.ts and its line in serverless.yml",
  needs: ['MODEL'],
  options: {},
  help: ["  Run it where serverless.yml is. The function gets the task of the model's production version."],
  run: async (call) => {
    const [model = ''] = call.positionals;
    if (!namePattern.test(model) || model === 'catalog') {
      const todo = 'use a-z, 0-9 and inner hyphens, at most 40 characters';
      throw new ModeletError('INVALID_INPUT', `'${model}' can't be a model's name; ${todo}`);
    }
    const file = `functions/${model}.ts`;
    if (existsSync(file)) throw new ModeletError('INVALID_INPUT', `${file} is there already; edit it`);
    const yaml = withModel(model);
    const task = await taskOf(call, model);
    writeFileSync(file, functionFile(model, task), { flag: 'wx' });
    if (yaml !== undefined) writeFileSync(service, yaml);
    call.print(`${file} and ${service} have ${model} (task ${task}); deploy it: npx sls deploy`, {
      model,
      file,
      service,
      task,
    });
  },
};

function functionFile(model: string, task: string): string {
  const names = ['serveModel', task].sort().join(', ');
  return `import { ${names} } from '../lib/index.js';\n\nexport const handler = serveModel('${model}', { tasks: [${task}] });\n`;
}

/** The task of what production names, if that is a built-in one; for a model that is not published yet, tensor. */
async function taskOf({ registry }: VerbCall, model: string): Promise<string> {
  try {
    const { task } = await registry.manifest(model, await registry.resolve(model, production));
    return exportedAs.get(task.name) ?? 'tensor';
  } catch (error) {
    if (error instanceof ModeletError && error.status === 404) return 'tensor';
    throw error;
  }
}

/** serverless.yml with the model's entry and every other character as it was; undefined where it has one. */
function withModel(model: string): string | undefined {
  if (!existsSync(service)) {
    throw new ModeletError('INVALID_INPUT', `there is no ${service} here; run it in the folder of the service`);
  }
  const text = readFileSync(service, 'utf8');
  const document = parseDocument(text);
  const [problem] = document.errors;
  const models = document.getIn(['custom', 'modelet', 'models']);
  const last = isMap(models) ? models.items.at(-1) : undefined;
  if (problem !== undefined || !isMap(models) || (last === undefined && !models.flow)) {
    const why = problem?.message.split('\n')[0] ?? 'it has no custom.modelet.models: {…}';
    throw new ModeletError('INVALID_INPUT', `${service} can't be edited: ${why}; mend it first`);
  }
  if (models.has(model)) return undefined;
  if (models.flow) {
    const end = (models.range?.[1] ?? 1) - 1; // the closing brace
    return `${text.slice(0, end).trimEnd()}${last === undefined ? ' ' : ', '}${model}: {} ${text.slice(end)}`;
  }
  // A line of its own after the last entry, as far in as that one.
  const start = (last?.key as Scalar | undefined)?.range?.[0] ?? 0;
  const indent = text.slice(text.lastIndexOf('\n', start) + 1, start);
  const valueEnd = (last?.value as Node | null | undefined)?.range?.[1] ?? start;
  const lineEnd = text.indexOf('\n', valueEnd - 1);
  const before = lineEnd === -1 ? `${text}\n` : text.slice(0, lineEnd + 1);
  return `${before}${indent}${model}: {}\n${lineEnd === -1 ? '' : text.slice(lineEnd + 1)}`;
}
