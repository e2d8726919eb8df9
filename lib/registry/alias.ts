import * as v from 'valibot';
import { ModeletError } from '../core/errors.js';
import { versionPattern } from '../core/manifest.js';

const version = v.pipe(v.string(), v.regex(versionPattern));

const aliasSchema = v.object({ version, previous: v.optional(version) });

/** `aliases/<name>.json`: where the alias points, and where it pointed before (for a rollback). */
export type Alias = v.InferOutput<typeof aliasSchema>;

/** @throws MODEL_CORRUPT when it is not what an alias file holds */
export function parseAlias(bytes: Uint8Array, where: string): Alias {
  try {
    return v.parse(aliasSchema, JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new ModeletError('MODEL_CORRUPT', `${where} is not an alias file; set the alias again`, { cause });
  }
}
