/**
 * Bytes that are fetched when they are asked for, once; `close` is called when they end, fail, or are not wanted any more, also
 * before the first of them (a generator's `finally` would not run then).
 * @param next the next bytes, undefined at the end
 */
export function byteStream(
  next: () => Promise<Uint8Array | undefined>,
  close: () => unknown,
): AsyncIterable<Uint8Array> {
  let open = true;
  async function end(): Promise<IteratorReturnResult<undefined>> {
    if (open) {
      open = false;
      await close();
    }
    return { done: true, value: undefined };
  }
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next: async () => {
      try {
        const value = open ? await next() : undefined;
        return value === undefined ? await end() : { done: false, value };
      } catch (error) {
        await end();
        throw error;
      }
    },
    return: end,
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
