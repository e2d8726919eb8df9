import type { binaryKinds, reduceKinds, unaryKinds } from '../../kernels/kinds.js';

export type UnaryKind = (typeof unaryKinds)[number];
export type BinaryKind = (typeof binaryKinds)[number];
export type ReduceKind = (typeof reduceKinds)[number];
