/*
 * 3 × 3 convolution with stride 1 as Winograd's F(4 × 4, 3 × 3) (Lavin and Gray, 2015): 36 products of transformed tiles instead of
 * 144. Polynomials are evaluated at 0, ±√½, ±√2 and ∞ instead of their 0, ±1, ±2 and ∞, as factors nearer to 1 round less (of such
 * choices: Barabasz et al., 2020). The error is at most 5e-6 of the largest output, that of the direct way 2e-6 (both tested).
 */
#include "simd.h"

void conv2d(const f32 *in, const f32 *weights, f32 *out, const f32 *residual, i32 images, i32 out_h, i32 out_w, i32 channels,
            i32 kernel_h, i32 kernel_w, i32 stride_y, i32 stride_x, i32 row_in, i32 image_in, i32 columns, i32 row_out,
            i32 image_out, i32 pixel_out, f32 low, f32 high);
#define ROOT_HALF 0.70710678f
#define ROOT_TWO 1.41421356f

/* Bᵀ d on six numbers, `s` apart, in place. */
INLINE void transform_in(vec *d, int s) {
  vec d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s], d5 = d[5 * s];
  vec a = madd(splat(-2), d2, d4), b = madd(splat(-2), d1, d3), e = madd(splat(-0.5f), d2, d4), f = madd(splat(-0.5f), d1, d3);
  d[0] = madd(splat(-2.5f), d2, add(d0, d4));
  d[s] = madd(splat(ROOT_HALF), b, a);
  d[2 * s] = madd(splat(-ROOT_HALF), b, a);
  d[3 * s] = madd(splat(ROOT_TWO), f, e);
  d[4 * s] = madd(splat(-ROOT_TWO), f, e);
  d[5 * s] = madd(splat(-2.5f), d3, add(d1, d5));
}

/* Aᵀ m: six numbers, `s` apart → four. */
INLINE void transform_out(const vec *m, int s, vec *o) {
  vec a = add(m[s], m[2 * s]), b = mul(splat(ROOT_HALF), sub(m[s], m[2 * s]));
  vec c = add(m[3 * s], m[4 * s]), d = mul(splat(ROOT_TWO), sub(m[3 * s], m[4 * s]));
  o[0] = add(m[0], add(a, c));
  o[1] = add(b, d);
  o[2] = madd(splat(2), c, mul(splat(0.5f), a));
  o[3] = madd(splat(2), d, madd(splat(0.5f), b, m[5 * s]));
}

/* G w: three numbers, `s` apart → six. */
INLINE void transform_kernel(const vec *w, int s, vec *o) {
  vec a = mul(splat(-2.0f / 3), madd(splat(0.5f), w[2 * s], w[0])), b = mul(splat(-2.0f / 3 * ROOT_HALF), w[s]);
  vec c = mul(splat(1.0f / 6), madd(splat(2), w[2 * s], w[0])), d = mul(splat(ROOT_TWO / 6), w[s]);
  o[0] = w[0];
  o[1] = add(a, b);
  o[2] = sub(a, b);
  o[3] = add(c, d);
  o[4] = sub(c, d);
  o[5] = w[2 * s];
}

/* Tiles of the padded input [in_h, in_w] → u[36][tiles][channels]; what a tile reads beyond the input is 0. Channels % 4 = 0. */
static void tiles_in(const f32 *in, f32 *u, i32 images, i32 tiles_y, i32 tiles_x, i32 channels, i32 row_in, i32 image_in,
                     i32 in_h, i32 in_w) {
  const i32 tiles = images * tiles_y * tiles_x;
  i32 t = 0;
  for (i32 n = 0; n < images; n++)
    for (i32 y = 0; y < tiles_y; y++)
      for (i32 x = 0; x < tiles_x; x++, t++) {
        const f32 *from = in + n * image_in + y * 4 * row_in + x * 4 * channels;
        const i32 h = in_h - y * 4, w = in_w - x * 4;
        for (i32 c = 0; c < channels; c += 4) {
          vec d[36];
          for (i32 j = 0; j < 6; j++) {
            if (h >= 6 && w >= 6) {
              UNROLL for (int i = 0; i < 6; i++) d[j * 6 + i] = load(from + c + j * row_in + i * channels);
            } else {
              for (int i = 0; i < 6; i++) d[j * 6 + i] = j < h && i < w ? load(from + c + j * row_in + i * channels) : splat(0);
            }
            transform_in(d + j * 6, 1);
          }
          f32 *to = u + t * channels + c;
          for (i32 i = 0; i < 6; i++) {
            transform_in(d + i, 6);
            UNROLL for (int j = 0; j < 6; j++) store(to + (j * 6 + i) * tiles * channels, d[j * 6 + i]);
          }
        }
      }
}

static void tiles_out(const f32 *m, const f32 *bias, f32 *out, const f32 *residual, i32 images, i32 tiles_y, i32 tiles_x,
                      i32 columns, i32 out_h, i32 out_w, i32 row_out, i32 image_out, vec low, vec high) {
  const i32 tiles = images * tiles_y * tiles_x;
  i32 t = 0;
  for (i32 n = 0; n < images; n++)
    for (i32 y = 0; y < tiles_y; y++)
      for (i32 x = 0; x < tiles_x; x++, t++) {
        f32 *to = out + n * image_out + y * 4 * row_out + x * 4 * columns;
        const i32 h = out_h - y * 4 < 4 ? out_h - y * 4 : 4, w = out_w - x * 4 < 4 ? out_w - x * 4 : 4;
        for (i32 c = 0; c < columns; c += 4) {
          vec d[24], b = load(bias + c);
          const f32 *from = m + t * columns + c;
          for (i32 j = 0; j < 6; j++) {
            vec r[6];
            UNROLL for (int i = 0; i < 6; i++) r[i] = load(from + (j * 6 + i) * tiles * columns);
            transform_out(r, 1, d + j * 4);
          }
          for (i32 i = 0; i < w; i++) {
            vec r[4];
            transform_out(d + i, 4, r);
            for (i32 j = 0; j < h; j++) {
              f32 *pixel = to + c + j * row_out + i * columns;
              vec sum = add(r[j], b);
              if (residual) sum = add(sum, load(residual + (pixel - out)));
              store(pixel, clamp(sum, low, high));
            }
          }
        }
      }
}

/*
 * As conv2d for 3 × 3 and stride 1, channels and columns multiples of 4. `weights` are pack_winograd's; `scratch` holds
 * 36 · tiles · (channels + columns) floats, tiles = images · ⌈out_h / 4⌉ · ⌈out_w / 4⌉.
 */
EXPORT(winograd) void winograd(const f32 *in, const f32 *weights, const f32 *bias, f32 *out, const f32 *residual,
                               f32 *scratch, i32 images, i32 out_h, i32 out_w, i32 channels, i32 row_in, i32 image_in,
                               i32 columns, i32 row_out, i32 image_out, f32 low, f32 high) {
  const i32 tiles_y = (out_h + 3) / 4, tiles_x = (out_w + 3) / 4, tiles = images * tiles_y * tiles_x;
  const i32 size = (columns + 7) / 8 * 8 * (channels + 1);
  f32 *u = scratch, *m = scratch + 36 * tiles * channels;
  const f32 infinite = __builtin_inff();
  tiles_in(in, u, images, tiles_y, tiles_x, channels, row_in, image_in, out_h + 2, out_w + 2);
  for (i32 e = 0; e < 36; e++)
    conv2d(u + e * tiles * channels, weights + e * size, m + e * tiles * columns, 0, 1, 1, tiles, channels, 1, 1, 1, 1,
           tiles * channels, 0, columns, tiles * columns, 0, columns, -infinite, infinite);
  tiles_out(m, bias, out, residual, images, tiles_y, tiles_x, columns, out_h, out_w, row_out, image_out, splat(low), splat(high));
}

/*
 * Weights [3][3][channels][columns] → 36 products G w Gᵀ, each as `pack` would have it without a bias. Columns % 4 = 0.
 */
EXPORT(pack_winograd) void pack_winograd(const f32 *w, f32 *out, i32 channels, i32 columns) {
  const i32 n = channels * columns, panel = 8 * (channels + 1), size = (columns + 7) / 8 * panel;
  for (i32 q = 0; q < (columns + 7) / 8 * 8; q += 4) {
    f32 *to = out + q / 8 * panel + (q & 4);
    for (i32 e = 0; e < 36; e++) store(to + e * size, splat(0));
    for (i32 c = 0; c < channels; c++) {
      vec k[9], rows[18], o[6];
      const f32 *from = w + c * columns + q;
      for (int i = 0; i < 9; i++) k[i] = q < columns ? load(from + i * n) : splat(0);
      to += 8;
      for (int i = 0; i < 3; i++) {
        transform_kernel(k + i, 3, o);
        for (int j = 0; j < 6; j++) rows[j * 3 + i] = o[j];
      }
      for (int j = 0; j < 6; j++) {
        transform_kernel(rows + j * 3, 1, o);
        for (int i = 0; i < 6; i++) store(to + (j * 6 + i) * size, o[i]);
      }
    }
  }
}
