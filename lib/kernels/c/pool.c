/* Pooling over padded NHWC input: for a maximum the padding holds −Infinity, for a mean it is left out of the count. */
#include "simd.h"

typedef struct {
  i32 out_w, channels, step, row_in; /* step: floats from one window to the next */
} pooling;

/*
 * One row of outputs. wasm's maximum, which hands NaN on, takes seven instructions of an x86 processor, pmax one: by that one, unless
 * `exact`, and a sum beside it tells of NaN (at times also of infinities of both signs, or of what stands behind the last channel:
 * that only takes time).
 * Returns 1 if the row must be done exactly.
 */
INLINE i32 most_of_row(const int exact, const i32 kernel_h, const i32 kernel_w, const f32 *in, f32 *out, const pooling *job) {
  const i32 channels = job->channels, row_in = job->row_in, step = job->step;
  vec bad = splat(0);
  for (i32 x = job->out_w; x > 0; x--, in += step, out += channels) {
    for (i32 c = 0; c < channels; c += 4) {
      vec most = load(in + c), sum = splat(0);
      for (i32 i = 0; i < kernel_h; i++)
        for (i32 j = 0; j < kernel_w; j++) {
          vec v = load(in + c + i * row_in + j * channels);
          most = exact ? wasm_f32x4_max(most, v) : wasm_f32x4_pmax(most, v);
          sum = add(sum, v);
        }
      bad = wasm_v128_or(bad, wasm_f32x4_ne(sum, sum));
      store_part(out + c, most, channels - c);
    }
  }
  return !exact && wasm_v128_any_true(bad);
}

EXPORT(max_pool) void max_pool(const f32 *in, f32 *out, i32 images, i32 out_h, i32 out_w, i32 channels, i32 kernel_h,
                               i32 kernel_w, i32 stride_y, i32 stride_x, i32 row_in, i32 image_in, i32 row_out, i32 image_out) {
  const pooling job = {out_w, channels, stride_x * channels, row_in};
  const i32 small = kernel_h == 2 && kernel_w == 2;
  for (i32 n = 0; n < images; n++) {
    for (i32 y = 0; y < out_h; y++) {
      const f32 *from = in + n * image_in + y * stride_y * row_in;
      f32 *to = out + n * image_out + y * row_out;
      const i32 again = small ? most_of_row(0, 2, 2, from, to, &job) : most_of_row(0, kernel_h, kernel_w, from, to, &job);
      if (again) most_of_row(1, kernel_h, kernel_w, from, to, &job);
    }
  }
}

/* in_h, in_w: the input without padding, which begins at −pad_y, −pad_x. */
EXPORT(mean_pool) void mean_pool(const f32 *in, f32 *out, i32 images, i32 in_h, i32 in_w, i32 out_h, i32 out_w, i32 channels,
                                 i32 kernel_h, i32 kernel_w, i32 stride_y, i32 stride_x, i32 pad_y, i32 pad_x, i32 row_out,
                                 i32 image_out) {
  for (i32 n = 0; n < images; n++) {
    for (i32 y = 0; y < out_h; y++) {
      for (i32 x = 0; x < out_w; x++) {
        i32 top = y * stride_y - pad_y, left = x * stride_x - pad_x, bottom = top + kernel_h, right = left + kernel_w;
        if (top < 0) top = 0;
        if (left < 0) left = 0;
        if (bottom > in_h) bottom = in_h;
        if (right > in_w) right = in_w;
        vec count = splat((f32)((bottom - top) * (right - left)));
        f32 *to = out + n * image_out + y * row_out + x * channels;
        for (i32 c = 0; c < channels; c += 4) {
          vec sum = splat(0);
          for (i32 i = top; i < bottom; i++)
            for (i32 j = left; j < right; j++) sum = add(sum, load(in + ((n * in_h + i) * in_w + j) * channels + c));
          store_part(to + c, quot(sum, count), channels - c);
        }
      }
    }
  }
}
