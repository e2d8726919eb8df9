/** What most parts need; pages that are not written to take no memory. */
const firstBytes = 2 ** 20;

/**
 * Gathers rows as bytes in one place. A buffer for each row would lie in Node's shared slabs, and keep with it all that was put
 * there between two rows: the files of thousands of records.
 */
export function createRowBuffer() {
  let buffer = Buffer.allocUnsafeSlow(firstBytes);
  let length = 0;

  return {
    get bytes() {
      return length;
    },
    /** Valid until the next row is added. */
    rows: (): Uint8Array => buffer.subarray(0, length),
    add: (row: string): void => {
      const end = length + Buffer.byteLength(row);
      if (end > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * buffer.length));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      length += buffer.write(row, length);
    },
  };
}
