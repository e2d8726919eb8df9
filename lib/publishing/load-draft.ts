import { createHash } from 'node:crypto';
import type { Engine, LoadedModel } from '../core/engine.js';
import type { Manifest } from '../core/manifest.js';
import { filesAtHand } from '../core/version-files.js';
import type { Draft } from '../registry/publish.js';

/** What a draft needs to be loaded. */
type Loadable = Pick<Draft, 'files' | 'signature'> & Partial<Draft>;

/**
 * Runs `use` on a model that is in no registry yet.
 * @param draft its files and signature; its golden values are not looked at
 */
export async function withDraft<T>(
  engine: Engine,
  draft: Loadable,
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const loaded = await engine.load(draftManifest(draft), filesAtHand(draft.files));
  try {
    return await use(loaded);
  } finally {
    loaded.dispose();
  }
}

/** Checksums are for what is read from a store, and the bytes are at hand here; but a plan names the graph that it is of. */
export function draftManifest(draft: Loadable): Manifest {
  const files = [...draft.files].map(([name, content]) => {
    const sha256 = name === 'model.json' ? createHash('sha256').update(content).digest('hex') : '';
    return { name, bytes: content.length, sha256, parts: [] };
  });
  const golden = { by: '', tolerance: 1, inputs: [], outputs: [] };
  return {
    format: 'modelet/1' as const,
    version: '0',
    created: '',
    model: 'draft',
    source: { format: '' },
    task: { name: '', options: {} },
    metrics: {},
    golden,
    ...draft,
    files,
  };
}
