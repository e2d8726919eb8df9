import type { Engine, LoadedModel } from '../core/engine.js';
import { type Draft, manifestOf } from '../registry/publish.js';

/**
 * Runs `use` on a model that is in no registry yet.
 * @param draft its files and signature; its golden values are not looked at
 */
export async function withDraft<T>(
  engine: Engine,
  draft: Pick<Draft, 'files' | 'signature' | 'savedModel'> & { readonly model?: string },
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const golden = { by: '', tolerance: 1, inputs: [], outputs: [] };
  const rest = { source: { format: '' }, task: { name: '', options: {} }, metrics: {}, golden };
  const manifest = manifestOf({ model: 'draft', ...rest, ...draft }, '0');
  const loaded = await engine.load(manifest, async (file) => draft.files.get(file) as Uint8Array);
  try {
    return await use(loaded);
  } finally {
    loaded.dispose();
  }
}
