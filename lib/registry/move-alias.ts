import { ModeletError } from '../core/errors.js';
import { namePattern } from '../core/manifest.js';
import { type Alias, formatAlias, parseAlias } from './alias.js';
import { aliasKey, type Registry } from './registry.js';

/** An alias before and after a move. */
export interface Move {
  readonly before: Alias | undefined;
  readonly after: Alias;
}

/**
 * Points an alias at a committed version, remembering where it pointed before; a canary ends.
 * @throws VERSION_NOT_FOUND; INVALID_INPUT when another writer moved the alias in between, telling where it is now
 */
export async function setAlias(registry: Registry, model: string, alias: string, version: string): Promise<Move> {
  await registry.manifest(model, version);
  return move(registry, model, alias, (current) => {
    if (current?.version === version && current.canary === undefined) return current;
    if (current === undefined) return { version };
    const previous = current.version === version ? current.previous : current.version;
    return previous === undefined ? { version } : { version, previous };
  });
}

/**
 * Sends a share of an alias' requests to another version.
 * @param percent between 0 and 100, both excluded
 */
export async function setCanary(
  registry: Registry,
  model: string,
  alias: string,
  { version, percent }: NonNullable<Alias['canary']>,
): Promise<Move> {
  if (!(percent > 0 && percent < 100)) {
    const right = 'without a percentage the whole alias moves';
    throw new ModeletError(
      'INVALID_INPUT',
      `a canary takes more than 0 and less than 100 percent, not ${percent}; ${right}`,
    );
  }
  await registry.manifest(model, version);
  return move(registry, model, alias, (current) => {
    if (current === undefined) throw notSet(model, alias);
    if (current.version === version) {
      throw new ModeletError('INVALID_INPUT', `alias '${alias}' is at ${version} already; name another version`);
    }
    return { ...current, canary: { version, percent } };
  });
}

/** Takes the last move back: ends a canary, or else goes to the version before. A second rollback goes forward again. */
export function rollBack(registry: Registry, model: string, alias: string): Promise<Move> {
  return move(registry, model, alias, (current) => {
    if (current === undefined) throw notSet(model, alias);
    if (current.canary !== undefined) {
      const { canary: _, ...rest } = current;
      return rest;
    }
    if (current.previous === undefined) {
      throw new ModeletError('INVALID_INPUT', `alias '${alias}' of '${model}' has no previous version; promote one`);
    }
    return { version: current.previous, previous: current.version };
  });
}

/** Reads, changes and writes an alias, if nobody else does meanwhile. */
async function move(
  registry: Registry,
  model: string,
  alias: string,
  change: (current: Alias | undefined) => Alias,
): Promise<Move> {
  checkAlias(alias);
  const key = aliasKey(model, alias);
  const object = await registry.store.get(key);
  const before = object === undefined ? undefined : parseAlias(object.body, key);
  const next = change(before);
  if (next === before) return { before, after: next };
  const after: Alias = { ...next, since: new Date().toISOString() };
  // The version that a rollback needs may have been pruned meanwhile.
  await registry.manifest(model, after.version);
  const condition = object === undefined ? { ifAbsent: true as const } : { ifMatch: object.etag };
  if ((await registry.store.put(key, aliasBytes(after), condition)) !== undefined) return { before, after };
  const there = await registry.store.get(key);
  const now = there === undefined ? 'gone' : `at ${formatAlias(parseAlias(there.body, key))}`;
  throw new ModeletError(
    'INVALID_INPUT',
    `alias '${alias}' of '${model}' was moved by someone else meanwhile, it is ${now}; look and try again`,
  );
}

/** @throws INVALID_INPUT for what can't be an alias' name */
export function checkAlias(alias: string): void {
  if (namePattern.test(alias)) return;
  throw new ModeletError('INVALID_INPUT', `alias '${alias}'; use a-z, 0-9 and inner hyphens`);
}

function notSet(model: string, alias: string): ModeletError {
  return new ModeletError('VERSION_NOT_FOUND', `alias '${alias}' of '${model}' is not set; promote a version first`);
}

export function aliasBytes(alias: Alias): Uint8Array {
  return Buffer.from(`${JSON.stringify(alias)}\n`);
}
