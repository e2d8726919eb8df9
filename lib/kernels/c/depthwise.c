/* Depthwise convolution: each channel has a kernel of its own. NHWC, padded input, channels a multiple of 4 in memory. */
#include "simd.h"

/*
 * `tiles` neighbouring outputs of four channels at a time. Weights per four channels: {bias[4], kernel_h × kernel_w × [4]}.
 */
INLINE void outputs(const int tiles, const f32 *in, const f32 *w, f32 *out, i32 channels, i32 kernel_h, i32 kernel_w,
                    i32 step_in, i32 row_in, i32 dilation_x, vec low, vec high) {
  const i32 size = 4 + kernel_h * kernel_w * 4;
  for (i32 c = 0; c < channels; c += 4, w += size) {
    vec sums[4];
    const f32 *k = w + 4, *row = in + c;
    vec bias = load(w);
    UNROLL for (int t = 0; t < tiles; t++) sums[t] = bias;
    for (i32 i = 0; i < kernel_h; i++, row += row_in) {
      const f32 *p = row;
      for (i32 j = 0; j < kernel_w; j++, p += dilation_x, k += 4) {
        vec weight = load(k);
        UNROLL for (int t = 0; t < tiles; t++) sums[t] = madd(load(p + t * step_in), weight, sums[t]);
      }
    }
    UNROLL for (int t = 0; t < tiles; t++) {
      store_part(out + t * channels + c, clamp(sums[t], low, high), channels - c);
    }
  }
}

/* 3 × 3 with the inputs of neighbouring outputs loaded once. */
INLINE void outputs3x3(const int stride, const int tiles, const f32 *in, const f32 *w, f32 *out, i32 channels, i32 row_in,
                       vec low, vec high) {
  for (i32 c = 0; c + 4 <= channels; c += 4, w += 40) {
    vec sums[4];
    vec bias = load(w);
    UNROLL for (int t = 0; t < tiles; t++) sums[t] = bias;
    const f32 *row = in + c;
    for (i32 i = 0; i < 3; i++, row += row_in) {
      vec k0 = load(w + 4 + i * 12), k1 = load(w + 8 + i * 12), k2 = load(w + 12 + i * 12);
      vec x[9];
      const f32 *p = row;
      UNROLL for (int j = 0; j < (tiles - 1) * stride + 3; j++, p += channels) x[j] = load(p);
      UNROLL for (int t = 0; t < tiles; t++) sums[t] = madd(x[t * stride], k0, sums[t]);
      UNROLL for (int t = 0; t < tiles; t++) sums[t] = madd(x[t * stride + 1], k1, sums[t]);
      UNROLL for (int t = 0; t < tiles; t++) {
        sums[t] = madd(x[t * stride + 2], k2, sums[t]);
        PIN(sums[t]);
      }
    }
    UNROLL for (int t = 0; t < tiles; t++) store(out + t * channels + c, clamp(sums[t], low, high));
  }
}

EXPORT(depthwise) void depthwise(const f32 *in, const f32 *w, f32 *out, i32 images, i32 out_h, i32 out_w, i32 channels,
                                 i32 kernel_h, i32 kernel_w, i32 stride_y, i32 stride_x, i32 dilation_y, i32 dilation_x,
                                 i32 row_in, i32 image_in, i32 row_out, i32 image_out, f32 low, f32 high) {
  vec lo = splat(low), hi = splat(high);
  const i32 small = kernel_h == 3 && kernel_w == 3 && dilation_y == 1 && dilation_x == 1 && channels % 4 == 0;
  const i32 step = stride_x * channels, down = dilation_y * row_in, right = dilation_x * channels;
  for (i32 n = 0; n < images; n++) {
    for (i32 y = 0; y < out_h; y++) {
      const f32 *from = in + n * image_in + y * stride_y * row_in;
      f32 *to = out + n * image_out + y * row_out;
      i32 x = 0;
      if (small && stride_x == 1) {
        for (; x + 4 <= out_w; x += 4) outputs3x3(1, 4, from + x * step, w, to + x * channels, channels, row_in, lo, hi);
        for (; x < out_w; x++) outputs3x3(1, 1, from + x * step, w, to + x * channels, channels, row_in, lo, hi);
      } else if (small && stride_x == 2) {
        for (; x + 2 <= out_w; x += 2) outputs3x3(2, 2, from + x * step, w, to + x * channels, channels, row_in, lo, hi);
        for (; x < out_w; x++) outputs3x3(2, 1, from + x * step, w, to + x * channels, channels, row_in, lo, hi);
      } else {
        for (; x + 4 <= out_w && channels % 4 == 0; x += 4)
          outputs(4, from + x * step, w, to + x * channels, channels, kernel_h, kernel_w, step, down, right, lo, hi);
        for (; x < out_w; x++)
          outputs(1, from + x * step, w, to + x * channels, channels, kernel_h, kernel_w, step, down, right, lo, hi);
      }
    }
  }
}

/* Weights [kernel][channels] and a bias → (channels + 3) / 4 · 4 · (kernel + 1) floats. */
EXPORT(pack_depthwise) void pack_depthwise(const f32 *w, const f32 *bias, f32 *out, i32 kernel, i32 channels) {
  for (i32 c = 0; c < channels; c += 4) {
    for (i32 j = 0; j < 4; j++) *out++ = bias && c + j < channels ? bias[c + j] : 0;
    for (i32 t = 0; t < kernel; t++)
      for (i32 j = 0; j < 4; j++) *out++ = c + j < channels ? w[t * channels + c + j] : 0;
  }
}
