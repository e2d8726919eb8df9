#include "simd.h"

/* e^(x − max) / Σ e^(x − max) along rows of n; a row with NaN becomes NaN. */
EXPORT(softmax) void softmax(const f32 *in, f32 *out, i32 rows, i32 n) {
  EXP_CONSTANTS;
  for (; rows > 0; rows--, in += n, out += n) {
    f32 most = in[0];
    for (i32 i = 1; i < n; i++) most = in[i] > most || in[i] != in[i] ? in[i] : most;
    vec largest = splat(most), sums = splat(0);
    i32 i = 0;
    for (; i + 4 <= n; i += 4) {
      vec e = vexp(sub(load(in + i), largest), k);
      sums = add(sums, e);
      store(out + i, e);
    }
    f32 sum = sum_lanes(sums);
    for (; i < n; i++) {
      out[i] = lane0(vexp(splat(in[i] - most), k));
      sum += out[i];
    }
    vec scale = splat(1.0f / sum);
    for (i = 0; i < n; i += 4) store_part(out + i, mul(load(out + i), scale), n - i);
  }
}
