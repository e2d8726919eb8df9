#include "simd.h"

/*
 * [images, in_h, in_w, channels] → [images, out_h, out_w, channels] between two neighbours each way: out = mix of four inputs by
 * weights that the plan worked out for rows and columns ({first, second} offsets and the share of the second).
 */
EXPORT(resize) void resize(const f32 *in, f32 *out, i32 images, i32 image_in, i32 out_h, i32 out_w, i32 channels,
                           const i32 *row_offsets, const f32 *row_shares, const i32 *column_offsets, const f32 *column_shares) {
  for (i32 n = 0; n < images; n++, in += image_in)
    for (i32 y = 0; y < out_h; y++) {
      const f32 *top = in + row_offsets[2 * y], *bottom = in + row_offsets[2 * y + 1];
      vec down = splat(row_shares[y]);
      for (i32 x = 0; x < out_w; x++, out += channels) {
        const i32 left = column_offsets[2 * x], right = column_offsets[2 * x + 1];
        vec along = splat(column_shares[x]);
        for (i32 c = 0; c < channels; c += 4) {
          vec a = load(top + left + c), b = load(top + right + c), d = load(bottom + left + c), e = load(bottom + right + c);
          vec upper = madd(along, sub(b, a), a), lower = madd(along, sub(e, d), d);
          store_part(out + c, madd(down, sub(lower, upper), upper), channels - c);
        }
      }
    }
}

/* The same with the nearest input alone: offsets of the rows and columns to take. */
EXPORT(resize_nearest) void resize_nearest(const f32 *in, f32 *out, i32 images, i32 image_in, i32 out_h, i32 out_w, i32 channels,
                                           const i32 *row_offsets, const i32 *column_offsets) {
  for (i32 n = 0; n < images; n++, in += image_in)
    for (i32 y = 0; y < out_h; y++)
      for (i32 x = 0; x < out_w; x++, out += channels)
        __builtin_memcpy(out, in + row_offsets[y] + column_offsets[x], (unsigned long)channels * 4);
}
