import type { Engine } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { SavedModelSource } from '../importers/sources/source.js';
import { nativeBackendInstalled } from '../runtime/native-backend.js';
import { convertCommand, savedModelSignature } from '../runtime/saved-model.js';
import type { ImportedModel } from './imported-model.js';
import { withDraft } from './load-draft.js';

/** A SavedModel is kept as it is and served by TensorFlow itself; tfjs-node is its only implementation here. */
export async function importSavedModel(
  { folder, files }: SavedModelSource,
  openEngine: (backend: string) => Promise<Engine>,
): Promise<ImportedModel> {
  const bytes = files.get('saved_model.pb') as Uint8Array;
  const { tags, signatureName, signature } = savedModelSignature(bytes);
  const savedModel = { tags, signature: signatureName };
  const convert = convertCommand(savedModel, folder, `${folder}-tfjs`);
  if (!nativeBackendInstalled()) {
    const todo = `npm run native installs it; or convert the model for wasm: ${convert}, and publish that folder`;
    throw new ModeletError(
      'INVALID_INPUT',
      `a SavedModel is served by the backend tensorflow only, which is not installed; ${todo}`,
    );
  }
  const draft = { files, signature, savedModel };
  return {
    ...draft,
    files: () => files,
    source: { format: 'saved-model' },
    reference: {
      by: 'TensorFlow by tfjs-node',
      predict: async (inputs) => withDraft(await openEngine('tensorflow'), draft, (model) => model.predict(inputs)),
    },
    // It stays closed: what it does with its inputs is not looked at.
    ownScale: undefined,
    range: () => undefined,
    unsupported: () => [],
  };
}
