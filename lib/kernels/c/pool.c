/* Pooling over padded NHWC input: for a maximum the padding holds −Infinity, for a mean it is left out of the count. */
#include "simd.h"

EXPORT(max_pool) void max_pool(const f32 *in, f32 *out, i32 images, i32 out_h, i32 out_w, i32 channels, i32 kernel_h,
                               i32 kernel_w, i32 stride_y, i32 stride_x, i32 row_in, i32 image_in, i32 row_out, i32 image_out) {
  for (i32 n = 0; n < images; n++) {
    for (i32 y = 0; y < out_h; y++) {
      for (i32 x = 0; x < out_w; x++) {
        const f32 *from = in + n * image_in + y * stride_y * row_in + x * stride_x * channels;
        f32 *to = out + n * image_out + y * row_out + x * channels;
        for (i32 c = 0; c < channels; c += 4) {
          vec most = load(from + c);
          for (i32 i = 0; i < kernel_h; i++)
            for (i32 j = 0; j < kernel_w; j++) most = wasm_f32x4_max(most, load(from + i * row_in + j * channels + c));
          store_part(to + c, most, channels - c);
        }
      }
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
