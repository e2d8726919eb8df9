/* Convolutions that conv2d does not do at once: its windows as rows of their own, before a product or behind it. */
#include "simd.h"

/*
 * The window of each output as a row, [images · out_h · out_w][kernel_h · kernel_w · channels], of a padded image: conv2d with
 * dilation is the product of these rows with the same packed weights.
 */
EXPORT(patches) void patches(const f32 *in, f32 *out, i32 images, i32 out_h, i32 out_w, i32 channels, i32 kernel_h, i32 kernel_w,
                             i32 stride_y, i32 stride_x, i32 dilation_y, i32 dilation_x, i32 row_in, i32 image_in) {
  for (i32 n = 0; n < images; n++, in += image_in)
    for (i32 y = 0; y < out_h; y++)
      for (i32 x = 0; x < out_w; x++) {
        const f32 *from = in + y * stride_y * row_in + x * stride_x * channels;
        for (i32 i = 0; i < kernel_h; i++)
          for (i32 j = 0; j < kernel_w; j++, out += channels)
            __builtin_memcpy(out, from + i * dilation_y * row_in + j * dilation_x * channels, (unsigned long)channels * 4);
      }
}

/*
 * The other way round: out[n, y, x, :] = clamp(bias + Σ patch of (y', x') at (i, j)) over all y = y' · stride_y + i − pad_y, and x
 * alike. `in`: [images · in_h · in_w][kernel_h · kernel_w · channels]; `bias`: channels, or 0. Behind the product of an image with
 * weights [depth][kernel_h · kernel_w · channels] this is a transposed convolution.
 */
EXPORT(overlap_add) void overlap_add(const f32 *in, const f32 *bias, f32 *out, i32 images, i32 in_h, i32 in_w, i32 channels,
                                     i32 kernel_h, i32 kernel_w, i32 stride_y, i32 stride_x, i32 pad_y, i32 pad_x, i32 out_h,
                                     i32 out_w, i32 row_out, i32 image_out, f32 low, f32 high) {
  vec lo = splat(low), hi = splat(high);
  for (i32 n = 0; n < images; n++)
    for (i32 y = 0; y < out_h; y++)
      for (i32 x = 0; x < out_w; x++) {
        f32 *to = out + n * image_out + y * row_out + x * channels;
        for (i32 c = 0; c < channels; c += 4) {
          vec sum = bias ? load(bias + c) : splat(0);
          for (i32 i = (y + pad_y) % stride_y; i < kernel_h; i += stride_y) {
            const i32 from_y = (y + pad_y - i) / stride_y;
            if (y + pad_y < i || from_y >= in_h) continue;
            for (i32 j = (x + pad_x) % stride_x; j < kernel_w; j += stride_x) {
              const i32 from_x = (x + pad_x - j) / stride_x;
              if (x + pad_x < j || from_x >= in_w) continue;
              sum = add(sum, load(in + ((((n * in_h + from_y) * in_w + from_x) * kernel_h + i) * kernel_w + j) * channels + c));
            }
          }
          store_part(to + c, clamp(sum, lo, hi), channels - c);
        }
      }
}
