/** How long the other side may stay silent while it is its turn, ms. */
export const patience = 5000;

/** As the SDK calls it, so that both have one explanation. */
export function stalled(silence: number): Error {
  return Object.assign(new Error(`nothing came for ${silence / 1000} s`), { name: 'TimeoutError', code: 'ETIMEDOUT' });
}

/** The promise's outcome; `onStall` is called where it takes longer than `patience`. */
export async function unlessStalled<T>(work: Promise<T>, onStall: (error: Error) => void): Promise<T> {
  const timer = setTimeout(() => onStall(stalled(patience)), patience);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
