/* Moving numbers: transpose, slice, pad, concat, tile and broadcast are all copies with strides. */
#include "simd.h"

/*
 * Copies a box of up to six axes. Strides are in elements of four bytes; an input stride of 0 repeats, a negative one reverses.
 * Axes of size 1 stand in front where there are fewer than six.
 */
EXPORT(copy) void copy(const f32 *in, f32 *out, const i32 *size, const i32 *in_stride, const i32 *out_stride) {
  const i32 n = size[5], step_in = in_stride[5], step_out = out_stride[5];
  for (i32 a = 0; a < size[0]; a++)
    for (i32 b = 0; b < size[1]; b++)
      for (i32 c = 0; c < size[2]; c++)
        for (i32 d = 0; d < size[3]; d++)
          for (i32 e = 0; e < size[4]; e++) {
            const f32 *from = in + a * in_stride[0] + b * in_stride[1] + c * in_stride[2] + d * in_stride[3] + e * in_stride[4];
            f32 *to = out + a * out_stride[0] + b * out_stride[1] + c * out_stride[2] + d * out_stride[3] + e * out_stride[4];
            if (step_in == 1 && step_out == 1) {
              __builtin_memcpy(to, from, (unsigned long)n * 4);
            } else if (step_in == 0 && step_out == 1) {
              vec v = load1(from);
              for (i32 i = 0; i < n; i += 4) store_part(to + i, v, n - i);
            } else {
              for (i32 i = 0; i < n; i++) to[i * step_out] = from[i * step_in];
            }
          }
}

EXPORT(fill) void fill(f32 *out, i32 n, f32 value) {
  vec v = splat(value);
  for (i32 i = 0; i < n; i += 4) store_part(out + i, v, n - i);
}

/* Only the border of a padded image buffer [images, top + h + bottom, left + w + right, channels]: what is inside stays. */
EXPORT(border) void border(f32 *out, i32 images, i32 h, i32 w, i32 channels, i32 top, i32 left, i32 bottom, i32 right, f32 value) {
  const i32 between = (right + left) * channels, row = w * channels + between;
  for (i32 n = 0; n < images; n++) {
    fill(out, top * row + left * channels, value);
    out += top * row + left * channels;
    for (i32 y = 0; y < h; y++, out += row)
      if (y + 1 < h) fill(out + w * channels, between, value);
    /* The last row's right end, and what is below: `out` stands at the left end of the inside, one row down. */
    fill(out - between, bottom * row + right * channels, value);
    out += bottom * row - left * channels;
  }
}

/* Rows of a table [height, width] by index. Returns 0, or 1 when an index is outside: nothing that was written counts then. */
EXPORT(gather) i32 gather(const f32 *table, const i32 *index, f32 *out, i32 height, i32 width, i32 count) {
  for (i32 i = 0; i < count; i++, out += width) {
    if (index[i] < 0 || index[i] >= height) return 1;
    __builtin_memcpy(out, table + index[i] * width, (unsigned long)width * 4);
  }
  return 0;
}
