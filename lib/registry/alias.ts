import * as v from 'valibot';
import { ModeletError } from '../core/errors.js';
import { versionPattern } from '../core/manifest.js';

const version = v.pipe(v.string(), v.regex(versionPattern));
const percent = v.pipe(v.number(), v.gtValue(0), v.ltValue(100));

const aliasSchema = v.object({
  version,
  previous: v.optional(version),
  /** This share of the requests goes to another version. */
  canary: v.optional(v.object({ version, percent })),
  /** When it was last moved. */
  since: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});

/** `aliases/<name>.json`: where the alias points, where it pointed before (for a rollback), and its canary. */
export type Alias = v.InferOutput<typeof aliasSchema>;

/** @throws MODEL_CORRUPT when it is not what an alias file holds */
export function parseAlias(bytes: Uint8Array, where: string): Alias {
  try {
    return v.parse(aliasSchema, JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new ModeletError('MODEL_CORRUPT', `${where} is not an alias file; set the alias again`, { cause });
  }
}

/** `3`, `3, canary 4 at 10 %`: for people. */
export function formatAlias({ version, canary }: Alias): string {
  return canary === undefined ? version : `${version}, canary ${canary.version} at ${canary.percent} %`;
}
