#include "simd.h"

enum { SUM, MEAN, MOST, LEAST, PRODUCT, INT_SUM, INT_MOST, INT_LEAST, INT_PRODUCT };

INLINE vec fold(const int kind, vec a, vec b) {
  switch (kind) {
    case MOST: return wasm_f32x4_max(a, b);
    case LEAST: return wasm_f32x4_min(a, b);
    case PRODUCT: return mul(a, b);
    case INT_SUM: return wasm_i32x4_add(a, b);
    case INT_MOST: return wasm_i32x4_max(a, b);
    case INT_LEAST: return wasm_i32x4_min(a, b);
    case INT_PRODUCT: return wasm_i32x4_mul(a, b);
    default: return add(a, b);
  }
}

INLINE void each(const int kind, const f32 *in, f32 *out, i32 outer, i32 n, i32 inner) {
  vec scale = splat(1.0f / (f32)n);
  for (i32 o = 0; o < outer; o++, in += n * inner, out += inner) {
    if (inner == 1) {
      /* Four partial results, then one: what stands behind the row must not count. */
      f32 lanes[4];
      i32 i = 4;
      vec acc;
      if (n >= 4) {
        acc = load(in);
        for (; i + 4 <= n; i += 4) acc = fold(kind, acc, load(in + i));
        store(lanes, acc);
        for (int j = 1; j < 4; j++) store_part(lanes, fold(kind, splat(lanes[0]), splat(lanes[j])), 1);
      } else {
        lanes[0] = in[0];
        i = 1;
      }
      vec all = splat(lanes[0]);
      for (; i < n; i++) all = fold(kind, all, load1(in + i));
      store_part(out, kind == MEAN ? mul(all, scale) : all, 1);
    } else {
      for (i32 c = 0; c < inner; c += 4) {
        vec acc = load(in + c);
        for (i32 i = 1; i < n; i++) acc = fold(kind, acc, load(in + i * inner + c));
        store_part(out + c, kind == MEAN ? mul(acc, scale) : acc, inner - c);
      }
    }
  }
}

/* [outer, n, inner] → [outer, inner]: sum, mean, maximum, minimum or product over n ≥ 1. */
EXPORT(reduce) void reduce(i32 kind, const f32 *in, f32 *out, i32 outer, i32 n, i32 inner) {
#define CASE(kind) case kind: each(kind, in, out, outer, n, inner); break;
  switch (kind) {
    CASE(MEAN) CASE(MOST) CASE(LEAST) CASE(PRODUCT) CASE(INT_SUM) CASE(INT_MOST) CASE(INT_LEAST) CASE(INT_PRODUCT)
    default: each(SUM, in, out, outer, n, inner);
  }
#undef CASE
}

/* Where along n the largest (`least`: the smallest) number stands, the first of equal ones: [outer, n, inner] → [outer, inner]. */
EXPORT(arg_most) void arg_most(const f32 *in, i32 *out, i32 outer, i32 n, i32 inner, i32 least) {
  for (i32 o = 0; o < outer; o++, in += n * inner)
    for (i32 c = 0; c < inner; c++) {
      i32 at = 0;
      for (i32 i = 1; i < n; i++) {
        const f32 x = in[i * inner + c], best = in[at * inner + c];
        if (least ? x < best : x > best) at = i;
      }
      *out++ = at;
    }
}

/* Running sums along n of [outer, n, inner], in place too; `exclusive` leaves a number out of its own, `backwards` starts at the end. */
EXPORT(cumulate) void cumulate(const f32 *in, f32 *out, i32 outer, i32 n, i32 inner, i32 exclusive, i32 backwards) {
  for (i32 o = 0; o < outer; o++, in += n * inner, out += n * inner)
    for (i32 c = 0; c < inner; c++) {
      f32 sum = 0;
      for (i32 i = 0; i < n; i++) {
        const i32 at = (backwards ? n - 1 - i : i) * inner + c;
        const f32 x = in[at];
        out[at] = exclusive ? sum : sum + x;
        sum += x;
      }
    }
}
