/** Beyond it no backend grew its throughput on any of our models, while activations grow on. */
const largest = 256;
/** Passes of each size; the fastest counts, as others share the processor. */
const passes = 3;
/** A size must be this much faster than the half of it. */
const worthwhile = 1.05;

/** How many records go into one forward pass: measured on the first records, then fixed. */
export interface BatchSizes {
  readonly size: number;
  /** What a pass of so many records took. */
  took(count: number, ms: number): void;
  /** A pass of this size failed for want of memory. */
  tooLarge(): void;
}

/** Tries 1, 2, 4, … for as long as that brings more records per second. */
export function createBatchSizes(): BatchSizes {
  let size = 1;
  let settled = false;
  let best = { size: 1, rate: 0 };
  let rates: number[] = [];

  const settle = (at: number): void => {
    size = at;
    settled = true;
  };

  return {
    get size() {
      return size;
    },
    took: (count, ms) => {
      if (settled || count !== size || rates.push(count / ms) < passes) return;
      const rate = Math.max(...rates);
      rates = [];
      if (rate < worthwhile * best.rate) return settle(best.size);
      best = { size, rate };
      if (size === largest) settle(size);
      else size *= 2;
    },
    tooLarge: () => settle(Math.max(1, size >> 1)),
  };
}
