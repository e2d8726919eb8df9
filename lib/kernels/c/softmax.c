#include "simd.h"

/* The largest of n ≥ 1 numbers; NaN may get lost. */
static f32 largest(const f32 *in, i32 n) {
  vec most = load1(in);
  for (i32 i = 0; i < n; i += 4) {
    vec x = load(in + i);
    if (n - i < 4) x = wasm_v128_bitselect(x, most, first_lanes(n - i));
    most = wasm_f32x4_pmax(most, x);
  }
  most = wasm_f32x4_pmax(most, wasm_i32x4_shuffle(most, most, 2, 3, 2, 3));
  return lane0(wasm_f32x4_pmax(most, wasm_i32x4_shuffle(most, most, 1, 1, 1, 1)));
}

/* e^(x − max) / Σ e^(x − max) along rows of n, in place too; a row with NaN becomes NaN, by its sum. */
EXPORT(softmax) void softmax(const f32 *in, f32 *out, i32 rows, i32 n) {
  EXP_CONSTANTS;
  for (; rows > 0; rows--, in += n, out += n) {
    vec most = splat(largest(in, n)), sums = splat(0);
    for (i32 i = 0; i < n; i += 4) {
      vec e = vexp(sub(load(in + i), most), k);
      if (n - i < 4) e = wasm_v128_and(e, first_lanes(n - i));
      sums = add(sums, e);
      store_part(out + i, e, n - i);
    }
    vec scale = splat(1.0f / sum_lanes(sums));
    for (i32 i = 0; i < n; i += 4) store_part(out + i, mul(load(out + i), scale), n - i);
  }
}
