import type { Engine, LoadedModel } from '../../lib/core/engine.js';
import { ModeletError } from '../../lib/core/errors.js';
import type { ObjectStore } from '../../lib/core/object-store.js';

/** What goes wrong at a call: an error or the end of the process, before the call has its effect or after. */
export const deeds = ['fail before', 'fail after', 'die before', 'die after'] as const;
export type Deed = (typeof deeds)[number];

export interface Fault {
  /** Calls of the delivery before it. */
  readonly at: number;
  readonly deed: Deed;
}

/** All calls that one delivery makes to the outside go through here. */
export interface Calls {
  /** Resolves when the process has died; then no call answers any more. */
  readonly died: Promise<'died'>;
  /** Whether the fault has struck. */
  struck(): boolean;
  make<T>(effect: () => Promise<T> | T): Promise<T>;
}

/**
 * @param turn awaited before each call: whoever interleaves deliveries says when
 * @param look called after each call that had its effect
 */
export function faultyCalls(
  fault: Fault | undefined,
  turn: () => Promise<void>,
  look: () => Promise<void> = async () => undefined,
): Calls {
  let count = 0;
  let dead = false;
  let struck = false;
  let die = (_: 'died'): void => undefined;
  const died = new Promise<'died'>((resolve) => {
    die = resolve;
  });
  const strike = <T>(deed: Deed): Promise<T> => {
    struck = true;
    if (deed.startsWith('fail')) throw new ModeletError('MODEL_UNAVAILABLE', 'injected');
    dead = true;
    die('died');
    return new Promise(() => undefined);
  };
  return {
    died,
    struck: () => struck,
    make: async (effect) => {
      const deed = fault?.at === count++ ? fault.deed : undefined;
      await turn();
      if (dead) return new Promise(() => undefined);
      if (deed?.endsWith('before')) return strike(deed);
      const result = await effect();
      if (dead) return new Promise(() => undefined);
      await look();
      return deed === undefined ? result : strike(deed);
    },
  };
}

/** A store behind calls; so is each chunk of its streams. */
export function faultyStore(store: ObjectStore, { make }: Calls): ObjectStore {
  return {
    location: store.location,
    get: (key, options) => make(() => store.get(key, options)),
    getUnless: (etag, key) => make(() => store.getUnless(etag, key)),
    stat: (key) => make(() => store.stat(key)),
    put: (key, body, condition) => make(() => store.put(key, body, condition)),
    list: (prefix) => make(() => store.list(prefix)),
    readInto: (key, into, options) => make(() => store.readInto(key, into, options)),
    delete: (key) => make(() => store.delete(key)),
    read: (key, options) =>
      make(async () => {
        const found = await store.read(key, options);
        if (found === undefined || found === 'changed') return found;
        const chunks = found.body[Symbol.asyncIterator]();
        const next = () => make(() => chunks.next());
        return { ...found, body: { [Symbol.asyncIterator]: () => ({ next }) } };
      }),
  };
}

/** An engine whose loads and predictions are calls. */
export function faultyEngine(engine: Engine, { make }: Calls): Engine {
  const load: Engine['load'] = async (...of) => {
    const model = await make(() => engine.load(...of));
    return {
      get usable() {
        return model.usable;
      },
      predict: (inputs) => make(() => model.predict(inputs)),
      dispose: () => model.dispose(),
    } satisfies LoadedModel;
  };
  return { ...engine, load };
}

/** An engine that loads each version once, however many processes of a test load it. */
export function sharedLoads(engine: Engine): Engine {
  const loaded = new Map<string, Promise<LoadedModel>>();
  const load: Engine['load'] = async (manifest, ...more) => {
    const loading = loaded.get(manifest.version) ?? engine.load(manifest, ...more);
    loaded.set(manifest.version, loading);
    const model = await loading;
    return { usable: true, predict: (inputs) => model.predict(inputs), dispose: () => undefined };
  };
  return { ...engine, load };
}
