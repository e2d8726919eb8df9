import { ModeletError } from './core/errors.js';
import type { Log } from './core/log.js';
import type { Alias } from './registry/alias.js';
import type { Registry } from './registry/registry.js';

/** Aliases remembered: one or two in practice, so that a caller can't fill the memory with names. */
const kept = 16;

interface Known {
  readonly alias: Alias;
  readonly etag: string;
  /** Of the last look, on the clock of performance.now(). */
  readonly at: number;
  /** Looks so far, and how many of them found something new. */
  readonly looks: number;
  readonly changes: number;
}

/** Where an alias points, and how fresh that is: a caller tells by the counts whether anyone looked since. */
export type Look = Pick<Known, 'alias' | 'looks' | 'changes'>;

export interface AliasWatch {
  /**
   * Where an alias points, as of the last look; a look is taken at a request this long after the last.
   * @throws VERSION_NOT_FOUND, MODEL_NOT_FOUND, MODEL_CORRUPT; MODEL_UNAVAILABLE only where the alias was never seen
   */
  look(alias: string): Promise<Look>;
  known(): ReadonlyMap<string, Alias>;
  /** Whether an alias that is known names the version, itself or as its canary. Asked at each request. */
  isNamed(version: string): boolean;
}

/** Reads aliases by conditional GETs, seldom; what runs goes on while the store doesn't answer. */
export function createAliasWatch(registry: Registry, model: string, log: Log, everyMs: number): AliasWatch {
  const aliases = new Map<string, Known>();

  const read = async (name: string, known: Known | undefined): Promise<Known> => {
    const found = await registry.alias(model, name, known?.etag);
    const at = performance.now();
    const looks = (known?.looks ?? 0) + 1;
    if (found === 'unchanged') return { ...(known as Known), at, looks };
    if (known !== undefined) tellMove(name, known.alias, found.alias);
    return { ...found, at, looks, changes: (known?.changes ?? 0) + 1 };
  };

  const tellMove = (name: string, from: Alias, to: Alias): void => {
    const rolledBack =
      from.canary !== undefined ? to.canary === undefined && to.version === from.version : to.version === from.previous;
    log.event(rolledBack ? 'AliasRolledBack' : 'AliasMoved', {
      model,
      alias: name,
      version: to.version,
      canary: to.canary,
      from: from.version,
    });
  };

  return {
    known: () => new Map([...aliases].map(([name, { alias }]) => [name, alias])),
    isNamed: (version) => {
      for (const { alias } of aliases.values()) {
        if (alias.version === version || alias.canary?.version === version) return true;
      }
      return false;
    },
    look: async (name) => {
      const known = aliases.get(name);
      if (known !== undefined && performance.now() - known.at < everyMs) return known;
      // Others go on with what is known while this one looks.
      if (known !== undefined) aliases.set(name, { ...known, at: performance.now() });
      try {
        const next = await read(name, known);
        aliases.delete(name);
        aliases.set(name, next);
        const oldest = aliases.keys().next();
        if (aliases.size > kept && !oldest.done) aliases.delete(oldest.value);
        return next;
      } catch (error) {
        if (known === undefined) throw error;
        const reason = error instanceof ModeletError ? error.message : 'unexpected';
        log.warn('alias not readable, the last known version serves on', { model, alias: name, reason });
        return known;
      }
    },
  };
}
