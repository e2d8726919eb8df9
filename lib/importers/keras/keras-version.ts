/** 3 for Keras 3; 2 for all before it, and for TF.js' layers, which follow Keras 2. */
export function kerasMajor(kerasVersion: string): 2 | 3 {
  return /^[3-9]\./.test(kerasVersion) ? 3 : 2;
}
