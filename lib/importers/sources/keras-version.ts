/** The major version of a `keras_version`: `2.2.4-tf` → 2. Keras 1 did not always write one; TF.js speaks Keras 2. */
export function majorOf(version: string): number {
  if (version.startsWith('tfjs')) return 2;
  const major = Number.parseInt(version, 10);
  return Number.isNaN(major) ? 2 : major;
}
