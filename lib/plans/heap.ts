/** A heap that can't grow: nothing was computed then. */
export class HeapFull extends Error {
  override readonly name: string = 'HeapFull';
}

/** What lies there belongs to threads that may be computing: they have to end before anything can be made. */
export class HeapTaken extends HeapFull {
  override readonly name = 'HeapTaken';
}

const page = 2 ** 16;

/** @throws HeapFull where there is no memory left, or no more is reachable */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / page);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw new HeapFull(`no memory for ${Math.ceil(bytes / 2 ** 20)} MiB`, { cause });
  }
}
