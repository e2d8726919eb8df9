/** Digits gain nothing beyond it, while what a pass holds grows on: 256 take 70 MiB more. */
const largest = 64;
/** Passes of each size; the fastest counts, as others share the processor. */
const passes = 3;
/** A size that brings less than this over the best so far does not pay: what lives through a collection makes V8's heap grow. */
const worthwhile = 1.05;
/** Sizes in a row that don't pay, after which no larger one will. One alone may be the noise of a busy machine. */
const enough = 2;

/** A pass must not take long beside the time that is kept for the last one, ms. */
const longest = 2000;

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
  let inVain = 0;

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
      inVain = rate < worthwhile * best.rate ? inVain + 1 : 0;
      if (inVain === 0) best = { size, rate };
      if (inVain === enough || size === largest || 2 * ms > longest) settle(best.size);
      else size *= 2;
    },
    tooLarge: () => settle(Math.max(1, size >> 1)),
  };
}
