#include "simd.h"

/* The sum of n numbers, or of their squared distances from `from`. */
INLINE f32 total(const f32 *in, i32 n, const int squared, f32 from) {
  vec sum = splat(0), other = splat(0), shift = splat(from);
  for (i32 i = 0; i < n; i += 8) {
    vec a = load(in + i), b = n - i > 4 ? load(in + i + 4) : splat(0);
    if (squared) a = sub(a, shift), b = sub(b, shift), a = mul(a, a), b = mul(b, b);
    if (n - i < 4) a = wasm_v128_and(a, first_lanes(n - i));
    if (n - i < 8) b = wasm_v128_and(b, first_lanes(n - i - 4));
    sum = add(sum, a);
    other = add(other, b);
  }
  return sum_lanes(add(sum, other));
}

/*
 * (x − mean) / √(variance + epsilon) · gamma + beta along rows of n ≥ 1, in place too (Ba, Kiros and Hinton, 2016); with mean 0 unless
 * `centred` (Zhang and Sennrich, 2019). gamma and beta are n numbers each, or 0 for none.
 */
EXPORT(layer_norm) void layer_norm(const f32 *in, const f32 *gamma, const f32 *beta, f32 *out, i32 rows, i32 n, f32 epsilon,
                                   i32 centred) {
  for (; rows > 0; rows--, in += n, out += n) {
    const f32 mean = centred ? total(in, n, 0, 0) / (f32)n : 0;
    const f32 variance = total(in, n, 1, mean) / (f32)n;
    vec shift = splat(mean), scale = splat(1.0f / __builtin_sqrtf(variance + epsilon));
    for (i32 i = 0; i < n; i += 4) {
      vec x = mul(sub(load(in + i), shift), scale);
      if (gamma) x = mul(x, load(gamma + i));
      if (beta) x = add(x, load(beta + i));
      store_part(out + i, x, n - i);
    }
  }
}
