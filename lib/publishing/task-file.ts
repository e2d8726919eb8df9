import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';

const taskSchema = v.strictObject({
  name: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9][a-z0-9-]*@[1-9][0-9]*$/, "a task's name and major version are expected, as in tensor@1"),
  ),
  options: v.optional(v.record(v.string(), v.unknown()), {}),
});

/**
 * Reads `{"name": "image-classification@1", "options": {…}}`.
 * @throws INVALID_INPUT when it is no such file
 */
export async function readTaskFile(path: string): Promise<Manifest['task']> {
  const refuse = (why: string): never => {
    const right = '{"name": "image-classification@1", "options": {"labels": [...]}}';
    throw new ModeletError('INVALID_INPUT', `task file ${path}: ${why}; it should be like ${right}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    return refuse(error instanceof SyntaxError ? 'is not JSON' : `can't be read: ${(error as Error).message}`);
  }
  const parsed = v.safeParse(taskSchema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  return refuse(`${v.getDotPath(issue) ?? 'its content'}: ${issue.message}`);
}
