import { elementCount } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo } from './axes.js';
import { softmax } from './axis-functions.js';
import { multiplyMatrices } from './einsum.js';
import { zipWith } from './operations-broadcast.js';

/**
 * What becomes of a score that is masked:
 * lowered: 1e9 is taken off in float32, which swallows the score; where all are masked their weights are even
 * replaced: all masked scores are one very low number; where all are masked their weights are even
 * removed: as replaced, then the weights of masked scores are set to 0, also where all are masked
 */
export type Masked = 'lowered' | 'replaced' | 'removed';

/** Softmax over the last axis of scores, of which those count whose mask (broadcast against them) is 1. */
export function weigh(scores: NdArray, mask: NdArray | undefined, masked: Masked, layerName: string): NdArray {
  if (mask === undefined) return softmax(scores, [-1], layerName);
  const low = { lowered: (score: number) => Math.fround(score - 1e9), replaced: () => -1e9, removed: () => -1e9 }[
    masked
  ];
  const counted = zipWith([scores, mask], layerName, (score, kept) => (kept ? score : low(score)));
  const weights = softmax(counted, [-1], layerName);
  return masked === 'removed' ? zipWith([weights, mask], layerName, (weight, kept) => (kept ? weight : 0)) : weights;
}

/** Masks that hold together: 1 where all are 1, broadcast against each other. */
export function bothMasks(masks: readonly (NdArray | undefined)[], layerName: string): NdArray | undefined {
  const known = masks.filter((mask) => mask !== undefined);
  if (known.length === 0) return undefined;
  return zipWith(known, layerName, (...values) => Number(values.every(Boolean)));
}

/** [1, queries, keys]: 1 where `visible(query, key)`. */
export function positionMask(queries: number, keys: number, visible: (q: number, k: number) => boolean): NdArray {
  const data = Float64Array.from({ length: queries * keys }, (_, i) => Number(visible(Math.floor(i / keys), i % keys)));
  return ndArray([1, queries, keys], data);
}

/** No query sees a key behind its own position. */
export function causalMask(queries: number, keys: number): NdArray {
  return positionMask(queries, keys, (q, k) => k <= q);
}

/** A mask with an axis of size 1 inserted at a place, so that it broadcasts along it. */
export function withAxis({ shape, data }: NdArray, at: number): NdArray {
  return ndArray([...shape.slice(0, at), 1, ...shape.slice(at)], data);
}

/** Products of matrices in the last two axes, [..., rows, inner] · [..., inner, columns], for equal axes before. */
export function multiplyLast(a: NdArray, b: NdArray): NdArray {
  const [rows = 1, inner = 1] = a.shape.slice(-2);
  const columns = b.shape.at(-1) ?? 1;
  const outer = a.shape.slice(0, -2);
  const right = broadcastTo(b, [...outer, inner, columns]);
  const data = multiplyMatrices(a.data, right.data, elementCount(outer), rows, inner, columns);
  return ndArray([...outer, rows, columns], data);
}
