/** 3 for Keras 3; 2 for all before it, and for TF.js' layers, which follow Keras 2. */
export function kerasMajor(kerasVersion: string): 2 | 3 {
  return /^[3-9]\./.test(kerasVersion) ? 3 : 2;
}

/** Whether a model is of this version of Keras or a later one; `3.10` is later than `3.9`. */
export function isKeras(kerasVersion: string, major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = /^\d/.test(kerasVersion) ? kerasVersion.split('.').map(Number) : [];
  return ofMajor > major || (ofMajor === major && ofMinor >= minor);
}
