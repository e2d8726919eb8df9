import { ModeletError } from '../core/errors.js';
import { filesAtHand } from '../core/version-files.js';
import type { Draft } from '../registry/publish.js';
import { makePlan } from '../runtime/make-plan.js';
import type { openEngine } from '../runtime/open-engine.js';
import type { Difference } from './differences.js';
import type { Parity } from './imported-model.js';
import { draftManifest, withDraft } from './load-draft.js';
import { type Example, prove } from './prove.js';

/** Examples, and whose values they hold. */
export interface Proof {
  readonly by: string;
  readonly examples: readonly Example[];
}

/** What a plan may differ by more than TF.js does: Winograd's convolutions round more than the plain ones. */
const allowed = 2e-5;

/**
 * Adds a plan to a version that TF.js computes rightly, if it can be planned and computes the same; else the reason why not. A
 * quantized version is planned when it is loaded: its constants are the float32 numbers that it was to save.
 * @param found what TF.js differs by
 * @returns the draft, and what the plan differs by
 */
export async function planDraft(
  draft: Draft,
  proofs: readonly Proof[],
  found: readonly Difference[],
  open: typeof openEngine,
): Promise<{ readonly draft: Draft; readonly parity: readonly Parity[] }> {
  const { plan, files } = await makePlan(draftManifest(draft), filesAtHand(draft.files));
  if ('reason' in plan) return { draft: { ...draft, plan }, parity: [] };
  const planned =
    draft.quantization === undefined ? { ...draft, plan, files: new Map([...draft.files, ...files]) } : draft;
  const most = allowed + Math.max(0, ...found.map(({ relative }) => relative));
  try {
    const parity = await withDraft(await open('wasm'), planned, async (loaded) => {
      if (loaded.warning !== undefined) throw new ModeletError('MODEL_CORRUPT', loaded.warning);
      const entries: Parity[] = [];
      for (const { by, examples } of proofs) {
        if (examples.length > 0)
          entries.push({ by, backend: 'plan', outputs: await prove(loaded, examples, by, most) });
      }
      return entries;
    });
    return { draft: planned, parity };
  } catch (error) {
    if (!(error instanceof ModeletError)) throw error;
    return { draft: { ...draft, plan: { reason: error.message.split(';', 1)[0] as string } }, parity: [] };
  }
}
