#include "simd.h"

enum {
  COPY, NEG, ABS, SQUARE, SQRT, RSQRT, RECIPROCAL, EXP, LOG, SIGMOID, TANH, ERF, FLOOR, CEIL, ROUND, SIGN, SOFTPLUS, ELU, LEAKY,
  AFFINE, TO_INT, TO_FLOAT, NOT, EXPM1, LOG1P, SOFTSIGN
};

/* ln x = e · ln 2 + ln m with m in [√½, √2): atanh series in (m − 1)/(m + 1). Zero, negative numbers, Infinity and NaN as IEEE says. */
INLINE vec vlog(vec x) {
  vec tiny = wasm_f32x4_lt(x, splat(1.17549435e-38f));
  vec y = wasm_v128_bitselect(mul(x, splat(8388608.0f)), x, tiny); /* denormals, scaled by 2^23 */
  vec bits = wasm_i32x4_sub(y, wasm_i32x4_splat(0x3f3504f3));
  vec exponent = wasm_i32x4_shr(bits, 23);
  vec m = wasm_i32x4_sub(y, wasm_i32x4_shl(exponent, 23));
  vec e = sub(wasm_f32x4_convert_i32x4(exponent), wasm_v128_and(tiny, splat(23.0f)));
  vec s = quot(sub(m, splat(1)), add(m, splat(1)));
  vec z = mul(s, s);
  vec p = madd(splat(2.0f / 9), z, splat(2.0f / 7));
  p = madd(p, z, splat(2.0f / 5));
  p = madd(p, z, splat(2.0f / 3));
  p = madd(mul(p, z), s, add(s, s));
  vec result = madd(e, splat(0.693359375f), madd(e, splat(-2.12194440e-4f), p));
  vec infinite = splat(__builtin_inff());
  result = wasm_v128_bitselect(x, result, wasm_f32x4_eq(x, infinite));
  result = wasm_v128_bitselect(wasm_f32x4_neg(infinite), result, wasm_f32x4_eq(x, splat(0)));
  vec nan = wasm_v128_or(wasm_f32x4_lt(x, splat(0)), wasm_f32x4_ne(x, x));
  return wasm_v128_bitselect(splat(__builtin_nanf("")), result, nan);
}

/* Abramowitz and Stegun 7.1.26, absolute error 1.5e-7 and that of float32; below ½ the Taylor series, which keeps small digits. */
INLINE vec verf(vec x, const f32 *k) {
  vec a = wasm_f32x4_abs(x);
  vec t = quot(splat(1), madd(splat(0.3275911f), a, splat(1)));
  vec p = madd(splat(1.061405429f), t, splat(-1.453152027f));
  p = madd(p, t, splat(1.421413741f));
  p = madd(p, t, splat(-0.284496736f));
  p = madd(p, t, splat(0.254829592f));
  vec y = sub(splat(1), mul(mul(p, t), vexp(wasm_f32x4_neg(mul(a, a)), k)));
  y = wasm_v128_or(y, wasm_v128_and(x, wasm_i32x4_splat((i32)0x80000000)));
  vec z = mul(x, x);
  p = madd(splat(-1.0f / 1320), z, splat(1.0f / 216));
  p = madd(p, z, splat(-1.0f / 42));
  p = madd(p, z, splat(1.0f / 10));
  p = madd(p, z, splat(-1.0f / 3));
  vec small = mul(mul(x, splat(1.12837917f)), madd(p, z, splat(1)));
  return wasm_v128_bitselect(small, y, wasm_f32x4_lt(a, splat(0.5f)));
}

/* ln(1 + x): what the sum u = 1 + x rounds away is given back as the first term, (x − (u − 1)) / u. */
INLINE vec vlog1p(vec x) {
  vec u = add(splat(1), x);
  vec lost = quot(sub(x, sub(u, splat(1))), u);
  vec result = add(vlog(u), lost);
  vec whole = wasm_v128_or(wasm_f32x4_le(x, splat(-1)), wasm_f32x4_eq(x, splat(__builtin_inff())));
  return wasm_v128_bitselect(vlog(u), result, whole);
}

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|) */
INLINE vec vsoftplus(vec x, const f32 *k) {
  vec small = vexp(wasm_f32x4_neg(wasm_f32x4_abs(x)), k);
  return add(wasm_f32x4_max(x, splat(0)), vlog1p(small));
}

INLINE vec vsign(vec x) {
  vec one = wasm_v128_and(splat(1), wasm_f32x4_gt(x, splat(0)));
  vec minus = wasm_v128_and(splat(-1), wasm_f32x4_lt(x, splat(0)));
  return wasm_v128_bitselect(x, wasm_v128_or(one, minus), wasm_f32x4_ne(x, x));
}

/* e^x − 1 loses its digits near 0, where a series keeps them. */
INLINE vec vexpm1(vec x, const f32 *k) {
  vec p = madd(x, splat(1.0f / 720), splat(1.0f / 120));
  p = madd(p, x, splat(1.0f / 24));
  p = madd(p, x, splat(1.0f / 6));
  p = madd(p, x, splat(0.5f));
  p = madd(mul(p, x), x, x);
  return wasm_v128_bitselect(p, sub(vexp(x, k), splat(1)), wasm_f32x4_lt(wasm_f32x4_abs(x), splat(0.25f)));
}

INLINE vec unary_of(const int kind, vec x, vec a, vec b, const f32 *k) {
  switch (kind) {
    case NEG: return wasm_f32x4_neg(x);
    case ABS: return wasm_f32x4_abs(x);
    case SQUARE: return mul(x, x);
    case SQRT: return wasm_f32x4_sqrt(x);
    case RSQRT: return quot(splat(1), wasm_f32x4_sqrt(x));
    case RECIPROCAL: return quot(splat(1), x);
    case EXP: return vexp(x, k);
    case LOG: return vlog(x);
    case SIGMOID: return vsigmoid(x, k);
    case TANH: return vtanh(x, k);
    case ERF: return verf(x, k);
    case FLOOR: return wasm_f32x4_floor(x);
    case CEIL: return wasm_f32x4_ceil(x);
    case ROUND: return wasm_f32x4_nearest(x);
    case SIGN: return vsign(x);
    case SOFTPLUS: return vsoftplus(x, k);
    case ELU: return wasm_v128_bitselect(mul(a, vexpm1(x, k)), x, wasm_f32x4_lt(x, splat(0)));
    case LEAKY: return wasm_v128_bitselect(mul(a, x), x, wasm_f32x4_lt(x, splat(0)));
    case AFFINE: return madd(x, a, b);
    case TO_INT: return wasm_i32x4_trunc_sat_f32x4(x);
    case TO_FLOAT: return wasm_f32x4_convert_i32x4(x);
    case NOT: return wasm_v128_and(wasm_i32x4_eq(x, wasm_i32x4_splat(0)), wasm_i32x4_splat(1));
    case EXPM1: return vexpm1(x, k);
    case LOG1P: return vlog1p(x);
    case SOFTSIGN: return quot(x, add(splat(1), wasm_f32x4_abs(x)));
    default: return x;
  }
}

INLINE void map(const int kind, const f32 *in, f32 *out, i32 n, vec a, vec b, vec low, vec high) {
  EXP_CONSTANTS;
  for (i32 i = 0; i < n; i += 4) {
    vec y = unary_of(kind, load(in + i), a, b, k);
    if (kind != TO_INT && kind != NOT) y = clamp(y, low, high);
    store_part(out + i, y, n - i);
  }
}

/* clamp(f(x)) of n numbers, in place too; `a` and `b` are parameters of some: ELU's and LEAKY's alpha, AFFINE's a·x + b. */
EXPORT(unary) void unary(i32 kind, const f32 *in, f32 *out, i32 n, f32 alpha, f32 beta, f32 least, f32 most) {
  vec a = splat(alpha), b = splat(beta), low = splat(least), high = splat(most);
#define CASE(kind) case kind: map(kind, in, out, n, a, b, low, high); break;
  switch (kind) {
    CASE(NEG) CASE(ABS) CASE(SQUARE) CASE(SQRT) CASE(RSQRT) CASE(RECIPROCAL) CASE(EXP) CASE(LOG) CASE(SIGMOID) CASE(TANH)
    CASE(ERF) CASE(FLOOR) CASE(CEIL) CASE(ROUND) CASE(SIGN) CASE(SOFTPLUS) CASE(ELU) CASE(LEAKY) CASE(AFFINE) CASE(TO_INT)
    CASE(TO_FLOAT) CASE(NOT) CASE(EXPM1) CASE(LOG1P) CASE(SOFTSIGN) default: map(COPY, in, out, n, a, b, low, high);
  }
#undef CASE
}

enum {
  ADD, SUB, MUL, DIV, MAX, MIN, SQUARED_DIFFERENCE, EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL,
  INT_ADD, INT_SUB, INT_MUL, INT_EQUAL, INT_NOT_EQUAL, INT_LESS, INT_LESS_EQUAL, INT_GREATER, INT_GREATER_EQUAL, AND, OR,
  POW, FLOOR_DIV, INT_MAX, INT_MIN, INT_FLOOR_DIV, INT_FLOOR_MOD
};

/* Kinds whose results are floats, so that a clamp applies. */
INLINE i32 is_float(const int kind) { return kind <= SQUARED_DIFFERENCE || kind == POW || kind == FLOOR_DIV; }

/* a^b as IEEE's pow; 2^(b · log2 a) in double, since the product's error is one of the exponent. */
NOINLINE f32 power(f32 a, f32 b) {
  if (b == 0 || a == 1) return 1;
  if (a != a || b != b) return __builtin_nanf("");
  const f32 size = __builtin_fabsf(a), infinite = __builtin_inff();
  const i32 whole = __builtin_floorf(b) == b;
  const i32 odd = whole && __builtin_fabsf(b) < 16777216.0f && ((i32)b & 1);
  const f32 sign = odd ? __builtin_copysignf(1, a) : 1;
  if (size == 0 || size == infinite) return sign * ((b > 0) == (size == 0) ? 0 : infinite);
  if (size == 1 && __builtin_fabsf(b) == infinite) return 1;
  if (a < 0 && !whole) return __builtin_nanf("");
  union { double number; int64_t bits; } m = {.number = size}, scale;
  const int64_t exponent = (m.bits - 0x3fe6a09e667f3bcd) >> 52;
  m.bits -= exponent << 52; /* in [√½, √2) */
  const double s = (m.number - 1) / (m.number + 1), z = s * s;
  double log = 1.0 / 13;
  for (i32 i = 11; i > 0; i -= 2) log = log * z + 1.0 / i;
  const double power = b * ((double)exponent + log * s * 2.8853900817779268); /* 2 / ln 2 */
  if (power > 129) return sign * infinite;
  if (power < -151) return sign * 0.0f;
  const double n = __builtin_rint(power), r = (power - n) * 0.69314718055994531;
  double e = 1;
  for (i32 i = 9; i > 0; i--) e = 1 + e * r / i;
  scale.bits = ((int64_t)n + 1023) << 52;
  return sign * (f32)(e * scale.number);
}

INLINE vec vpower(vec a, vec b) {
  return wasm_f32x4_make(power(wasm_f32x4_extract_lane(a, 0), wasm_f32x4_extract_lane(b, 0)),
                         power(wasm_f32x4_extract_lane(a, 1), wasm_f32x4_extract_lane(b, 1)),
                         power(wasm_f32x4_extract_lane(a, 2), wasm_f32x4_extract_lane(b, 2)),
                         power(wasm_f32x4_extract_lane(a, 3), wasm_f32x4_extract_lane(b, 3)));
}

/* ⌊a / b⌋ of integers: a quotient in double is never rounded over a whole number. By 0: the type's end, or 0 for 0. */
INLINE vec floor_div(vec a, vec b) {
  vec low = wasm_f64x2_div(wasm_f64x2_convert_low_i32x4(a), wasm_f64x2_convert_low_i32x4(b));
  vec a1 = wasm_i32x4_shuffle(a, a, 2, 3, 2, 3), b1 = wasm_i32x4_shuffle(b, b, 2, 3, 2, 3);
  vec high = wasm_f64x2_div(wasm_f64x2_convert_low_i32x4(a1), wasm_f64x2_convert_low_i32x4(b1));
  return wasm_i32x4_shuffle(wasm_i32x4_trunc_sat_f64x2_zero(wasm_f64x2_floor(low)),
                            wasm_i32x4_trunc_sat_f64x2_zero(wasm_f64x2_floor(high)), 0, 1, 4, 5);
}

INLINE vec flag(vec mask) { return wasm_v128_and(mask, wasm_i32x4_splat(1)); }

INLINE vec binary_of(const int kind, vec a, vec b) {
  switch (kind) {
    case SUB: return sub(a, b);
    case MUL: return mul(a, b);
    case DIV: return quot(a, b);
    case MAX: return wasm_f32x4_max(a, b);
    case MIN: return wasm_f32x4_min(a, b);
    case SQUARED_DIFFERENCE: { vec d = sub(a, b); return mul(d, d); }
    case EQUAL: return flag(wasm_f32x4_eq(a, b));
    case NOT_EQUAL: return flag(wasm_f32x4_ne(a, b));
    case LESS: return flag(wasm_f32x4_lt(a, b));
    case LESS_EQUAL: return flag(wasm_f32x4_le(a, b));
    case GREATER: return flag(wasm_f32x4_gt(a, b));
    case GREATER_EQUAL: return flag(wasm_f32x4_ge(a, b));
    case INT_ADD: return wasm_i32x4_add(a, b);
    case INT_SUB: return wasm_i32x4_sub(a, b);
    case INT_MUL: return wasm_i32x4_mul(a, b);
    case INT_EQUAL: return flag(wasm_i32x4_eq(a, b));
    case INT_NOT_EQUAL: return flag(wasm_i32x4_ne(a, b));
    case INT_LESS: return flag(wasm_i32x4_lt(a, b));
    case INT_LESS_EQUAL: return flag(wasm_i32x4_le(a, b));
    case INT_GREATER: return flag(wasm_i32x4_gt(a, b));
    case INT_GREATER_EQUAL: return flag(wasm_i32x4_ge(a, b));
    case AND: return wasm_v128_and(a, b);
    case OR: return wasm_v128_or(a, b);
    case POW: return vpower(a, b);
    case FLOOR_DIV: return wasm_f32x4_floor(quot(a, b));
    case INT_MAX: return wasm_i32x4_max(a, b);
    case INT_MIN: return wasm_i32x4_min(a, b);
    case INT_FLOOR_DIV: return floor_div(a, b);
    case INT_FLOOR_MOD: return wasm_i32x4_sub(a, wasm_i32x4_mul(b, floor_div(a, b)));
    default: return add(a, b);
  }
}

/* One row of n; a step of 0 repeats one number. */
INLINE void row(const int kind, const f32 *a, const f32 *b, f32 *out, i32 n, i32 step_a, i32 step_b, vec low, vec high) {
  vec one_a = load1(a), one_b = load1(b);
  for (i32 i = 0; i < n; i += 4) {
    vec y = binary_of(kind, step_a ? load(a + i) : one_a, step_b ? load(b + i) : one_b);
    if (is_float(kind)) y = clamp(y, low, high);
    store_part(out + i, y, n - i);
  }
}

static void row_of(i32 kind, const f32 *a, const f32 *b, f32 *out, i32 n, i32 step_a, i32 step_b, vec low, vec high) {
#define CASE(kind) case kind: row(kind, a, b, out, n, step_a, step_b, low, high); break;
  switch (kind) {
    CASE(SUB) CASE(MUL) CASE(DIV) CASE(MAX) CASE(MIN) CASE(SQUARED_DIFFERENCE) CASE(EQUAL) CASE(NOT_EQUAL) CASE(LESS)
    CASE(LESS_EQUAL) CASE(GREATER) CASE(GREATER_EQUAL) CASE(INT_ADD) CASE(INT_SUB) CASE(INT_MUL) CASE(INT_EQUAL)
    CASE(INT_NOT_EQUAL) CASE(INT_LESS) CASE(INT_LESS_EQUAL) CASE(INT_GREATER) CASE(INT_GREATER_EQUAL) CASE(AND) CASE(OR)
    CASE(POW) CASE(FLOOR_DIV) CASE(INT_MAX) CASE(INT_MIN) CASE(INT_FLOOR_DIV) CASE(INT_FLOOR_MOD)
    default: row(ADD, a, b, out, n, step_a, step_b, low, high);
  }
#undef CASE
}

/*
 * clamp(f(a, b)) with broadcasting over up to five axes (fewer: sizes of 1 in front); strides are in elements, 0 where an axis is
 * repeated, and 0 or 1 on the last. The output is contiguous. Comparisons give 0 or 1 as integers.
 */
EXPORT(binary) void binary(i32 kind, const f32 *a, const f32 *b, f32 *out, const i32 *size, const i32 *stride_a,
                           const i32 *stride_b, f32 least, f32 most) {
  const i32 *sa = stride_a, *sb = stride_b;
  vec low = splat(least), high = splat(most);
  for (i32 i = 0; i < size[0]; i++)
    for (i32 j = 0; j < size[1]; j++)
      for (i32 k = 0; k < size[2]; k++)
        for (i32 l = 0; l < size[3]; l++, out += size[4])
          row_of(kind, a + i * sa[0] + j * sa[1] + k * sa[2] + l * sa[3], b + i * sb[0] + j * sb[1] + k * sb[2] + l * sb[3], out,
                 size[4], sa[4], sb[4], low, high);
}

/* out = condition ? a : b, element by element; all contiguous, the condition 0 or 1 as an integer. */
EXPORT(choose) void choose(const i32 *condition, const f32 *a, const f32 *b, f32 *out, i32 n) {
  for (i32 i = 0; i < n; i += 4) {
    vec no = wasm_i32x4_eq(wasm_v128_load(condition + i), wasm_i32x4_splat(0));
    store_part(out + i, wasm_v128_bitselect(load(b + i), load(a + i), no), n - i);
  }
}
