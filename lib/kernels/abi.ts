/**
 * Which kernels a stored plan was made for: grows by one when a kernel's arguments, their kinds (kinds.ts), or the layout of
 * anything packed changes. Versions whose plans are of another are planned when they are loaded.
 */
export const kernelAbi = 2;
