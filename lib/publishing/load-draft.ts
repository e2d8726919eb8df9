import type { Engine, LoadedModel } from '../core/engine.js';
import { filesAtHand } from '../core/version-files.js';
import type { Draft } from '../registry/publish.js';

/**
 * Runs `use` on a model that is in no registry yet.
 * @param draft its files and signature; its golden values are not looked at
 */
export async function withDraft<T>(
  engine: Engine,
  draft: Pick<Draft, 'files' | 'signature' | 'savedModel'> & { readonly model?: string },
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  // Checksums are for what is read from a store; here the bytes are at hand.
  const files = [...draft.files].map(([name, { length }]) => ({ name, bytes: length, sha256: '', parts: [] }));
  const golden = { by: '', tolerance: 1, inputs: [], outputs: [] };
  const rest = { source: { format: '' }, task: { name: '', options: {} }, metrics: {}, golden };
  const manifest = {
    format: 'modelet/1' as const,
    version: '0',
    created: '',
    model: 'draft',
    ...rest,
    ...draft,
    files,
  };
  const loaded = await engine.load(manifest, filesAtHand(draft.files));
  try {
    return await use(loaded);
  } finally {
    loaded.dispose();
  }
}
