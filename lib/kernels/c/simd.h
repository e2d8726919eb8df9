/* Four floats at a time. Built twice: with SIMD128 alone, and with relaxed SIMD's fused multiply-add (-DFMA). */
#ifndef MODELET_SIMD_H
#define MODELET_SIMD_H
#include <stdint.h>
#include <wasm_simd128.h>

typedef v128_t vec;
typedef int32_t i32;
typedef float f32;

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define UNROLL _Pragma("clang loop unroll(full)")

/* Keeps LLVM from reordering the chains of a register tile, which would spill them. */
#define PIN(v) __asm__ volatile("" : "+r"(v))

INLINE vec load(const f32 *p) { return wasm_v128_load(p); }
INLINE vec load1(const f32 *p) { return wasm_v128_load32_splat(p); }
INLINE void store(f32 *p, vec v) { wasm_v128_store(p, v); }
INLINE vec splat(f32 x) { return wasm_f32x4_splat(x); }
INLINE vec add(vec a, vec b) { return wasm_f32x4_add(a, b); }
INLINE vec sub(vec a, vec b) { return wasm_f32x4_sub(a, b); }
INLINE vec mul(vec a, vec b) { return wasm_f32x4_mul(a, b); }
INLINE vec quot(vec a, vec b) { return wasm_f32x4_div(a, b); }
INLINE f32 lane0(vec v) { return wasm_f32x4_extract_lane(v, 0); }

/* a · b + c, fused where the build has it. */
#ifdef FMA
INLINE vec madd(vec a, vec b, vec c) { return wasm_f32x4_relaxed_madd(a, b, c); }
#else
INLINE vec madd(vec a, vec b, vec c) { return add(mul(a, b), c); }
#endif

/* NaN passes: pmax(v, lo) is v unless v < lo. */
INLINE vec clamp(vec v, vec lo, vec hi) { return wasm_f32x4_pmin(wasm_f32x4_pmax(v, lo), hi); }

/* The first n (1 to 4) lanes; what stands behind them in memory stays as it is. */
INLINE void store_part(f32 *p, vec v, i32 n) {
  if (n >= 4) {
    store(p, v);
    return;
  }
  if (n & 2) {
    wasm_v128_store64_lane(p, v, 0);
    if (n & 1) wasm_v128_store32_lane(p + 2, v, 2);
  } else {
    wasm_v128_store32_lane(p, v, 0);
  }
}

/* All bits of the first n lanes, none of the others. */
INLINE vec first_lanes(i32 n) { return wasm_i32x4_gt(wasm_i32x4_splat(n), wasm_i32x4_make(0, 1, 2, 3)); }

INLINE f32 sum_lanes(vec v) {
  return (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1)) +
         (wasm_f32x4_extract_lane(v, 2) + wasm_f32x4_extract_lane(v, 3));
}

/* e^x: 2^n · e^r with |r| ≤ ln 2 / 2 and a polynomial of degree 6; relative error 2e-7. The constants come from memory, because V8
   13 makes v128.const anew at each use. */
extern const f32 exp_constants[13];
#define EXP_CONSTANTS const f32 *k = exp_constants; PIN(k)
#define K(i) load1(k + (i))

/* e^r; *shifted is what has n in its low bits. */
INLINE vec exp_parts(vec x, vec *shifted, const f32 *k) {
  *shifted = madd(x, K(2), K(3));
  vec n = sub(*shifted, K(3));
  vec r = madd(n, K(5), madd(n, K(4), x));
  vec p = madd(K(6), r, K(7));
  p = madd(p, r, K(8));
  p = madd(p, r, K(9));
  p = madd(p, r, K(10));
  p = madd(p, r, K(11));
  return madd(p, r, K(11));
}

/* Scaled in two steps, so that the ends become Infinity, denormals and 0. */
INLINE vec vexp(vec x, const f32 *k) {
  vec shifted, p = exp_parts(wasm_f32x4_pmax(wasm_f32x4_pmin(x, K(0)), K(1)), &shifted, k);
  vec whole = wasm_i32x4_sub(shifted, K(3));
  vec half = wasm_i32x4_shr(whole, 1);
  vec first = wasm_i32x4_add(wasm_i32x4_shl(half, 23), K(11)); /* K(11) is 1: the exponent's bias */
  vec second = wasm_i32x4_add(wasm_i32x4_shl(wasm_i32x4_sub(whole, half), 23), K(11));
  return mul(mul(p, first), second);
}

/* 1 + e^x: below −87 e^x is no longer that, but nothing beside 1; from 88.4 on it is Infinity. */
INLINE vec one_and_exp(vec x, const f32 *k) {
  vec shifted, p = exp_parts(wasm_f32x4_pmax(wasm_f32x4_pmin(x, K(0)), K(12)), &shifted, k);
  return madd(p, wasm_i32x4_add(wasm_i32x4_shl(shifted, 23), K(11)), K(11));
}
INLINE vec vsigmoid(vec x, const f32 *k) { return quot(K(11), one_and_exp(wasm_f32x4_neg(x), k)); }
INLINE vec vtanh(vec x, const f32 *k) { return sub(K(11), quot(add(K(11), K(11)), one_and_exp(add(x, x), k))); }

#endif
