import type { Manifest } from '../core/manifest.js';
import { readGolden } from '../core/stored-tensor.js';
import { filesAtHand } from '../core/version-files.js';
import type { Registry } from '../registry/registry.js';
import { openVersion } from '../registry/version-files.js';
import { goldenCheck } from '../runtime/golden-check.js';
import { nativeBackendInstalled } from '../runtime/native-backend.js';
import { openEngine } from '../runtime/open-engine.js';

/** What a version's own golden values say on a backend. */
export interface BackendCheck {
  readonly backend: string;
  /** The largest difference, relative to max(1, |expected|). */
  readonly difference: number;
}

export interface CheckedVersion {
  readonly manifest: Manifest;
  readonly backends: readonly BackendCheck[];
}

/**
 * Reads a version, checksums verified, and runs its golden input on every installed backend that can serve it.
 * @param onFile called after each file
 * @throws MODEL_CORRUPT when a file or an output is not what was published
 */
export async function checkVersion(
  registry: Registry,
  model: string,
  version: string,
  onFile: (read: number, total: number) => void = () => undefined,
): Promise<CheckedVersion> {
  const manifest = await registry.manifest(model, version);
  const stored = openVersion(registry.store, manifest);
  const files = new Map<string, Uint8Array>();
  for (const { name } of manifest.files) {
    files.set(name, await stored.read(name));
    onFile(files.size, manifest.files.length);
  }
  const atHand = filesAtHand(files);
  const golden = await readGolden(manifest, atHand);
  const backends: BackendCheck[] = [];
  for (const backend of backendsFor(manifest)) {
    const engine = await openEngine(backend, { plans: process.env.MODELET_PLANS !== 'off' });
    const loaded = await engine.load(manifest, atHand);
    try {
      backends.push({ backend, difference: await goldenCheck(loaded, manifest, golden) });
    } finally {
      loaded.dispose();
    }
  }
  return { manifest, backends };
}

/** A SavedModel is no model for wasm: only TensorFlow itself reads it. */
function backendsFor({ savedModel }: Manifest): string[] {
  return [...(savedModel === undefined ? ['wasm'] : []), ...(nativeBackendInstalled() ? ['tensorflow'] : [])];
}
