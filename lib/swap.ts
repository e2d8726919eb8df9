import { setTimeout } from 'node:timers/promises';
import type { Look } from './alias-watch.js';
import { ModeletError } from './core/errors.js';
import type { Log } from './core/log.js';
import type { Manifest } from './core/manifest.js';
import type { ModelCache } from './model-cache.js';

/** A load advances only while requests run. After this long one request waits for it, so that a quiet function changes too. */
const patienceMs = 60_000;

/** That request waits no longer than this; then the old version answers it. */
const longestWaitMs = 15_000;

interface Load {
  readonly since: number;
  readonly done: Promise<void>;
  /** When it was started, in looks at the alias. */
  readonly look: Look;
  waited: boolean;
  ended: boolean;
  /** Why it failed; a version that is damaged is tried again only when the alias was moved. */
  failure?: { readonly retryable: boolean };
}

export interface SwapParts {
  readonly model: string;
  readonly alias: string;
  readonly cache: ModelCache;
  readonly log: Log;
  manifestOf(version: string): Promise<Manifest>;
  /** Whether an alias of this process names the version, so that it must stay loaded. */
  isNamed(version: string): boolean;
}

export interface Swap {
  /**
   * @param look where the alias points
   * @param wanted its version or its canary, whichever this request should get
   * @returns the version that answers the request: `wanted` once it is loaded and checked, the one that serves until then
   */
  choose(look: Look, wanted: string): Promise<string>;
}

/** Changes the version that serves an alias without a request noticing: the next one is loaded and checked beside it first. */
export function createSwap({ model, alias, cache, log, manifestOf, isNamed }: SwapParts): Swap {
  let serving: string | undefined;
  const held = new Set<string>();
  const loads = new Map<string, Load>();

  const hold = (version: string): void => {
    held.add(version);
    cache.keep(version);
  };

  const start = (version: string, look: Look): Load => {
    const preload = async (): Promise<void> => cache.preload(await manifestOf(version));
    hold(version);
    const done = preload()
      .catch((error: unknown) => {
        load.failure = { retryable: error instanceof ModeletError && error.retryable };
        const reason = error instanceof ModeletError ? error.message : 'unexpected';
        log.event('SwapRefused', { model, alias, version, serving, reason });
      })
      .finally(() => {
        load.ended = true;
      });
    const load: Load = { since: performance.now(), look, waited: false, ended: false, done };
    return load;
  };

  /** Also one that was loaded and had to go for another before a request came for it. */
  const worthATry = ({ ended, failure, look }: Load, now: Look): boolean =>
    failure === undefined ? ended : now.changes !== look.changes || (failure.retryable && now.looks !== look.looks);

  /** Whether the version can answer now. */
  const arrives = async (version: string, look: Look): Promise<boolean> => {
    if (cache.isReady(version)) return true;
    const known = loads.get(version);
    const load = known === undefined || worthATry(known, look) ? start(version, look) : known;
    loads.set(version, load);
    if (load.failure !== undefined || load.waited || performance.now() - load.since < patienceMs) return false;
    load.waited = true;
    await Promise.race([load.done, setTimeout(longestWaitMs, undefined, { ref: false })]);
    load.waited = false;
    return cache.isReady(version);
  };

  const settle = (version: string): void => {
    if (serving !== version) log.event('VersionSwapped', { model, alias, version, from: serving });
    serving = version;
    for (const other of held) {
      if (isNamed(other)) continue;
      held.delete(other);
      cache.drop(other);
    }
  };

  return {
    choose: async (look, wanted) => {
      // Nothing serves yet: whoever asks first loads what is wanted.
      if (serving === undefined || !cache.isReady(serving)) {
        serving = look.alias.version;
        hold(look.alias.version);
        hold(wanted);
        return wanted;
      }
      if (wanted !== serving && !(await arrives(wanted, look))) return serving;
      loads.delete(wanted);
      hold(wanted);
      if (wanted === look.alias.version) settle(wanted);
      return wanted;
    },
  };
}
