/** A wasm heap that cannot give out memory any more. Thrown out of a running kernel; the module is unusable afterwards. */
export class HeapFullError extends Error {}
