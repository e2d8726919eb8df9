/* Matrix products and convolutions on packed weights. */
#include "simd.h"

/* Rows of a register tile, and steps of k that are unrolled: what V8's register allocator takes without spilling. It hoists
   loads before 13 (Node 20, 22) and keeps program order since (Node 24). */
#ifndef ROWS
#ifdef FMA
#define ROWS 6
#else
#define ROWS 5
#endif
#endif
#ifndef STEPS
#define STEPS 4
#endif

/* Bytes of packed weights that stay in the L2 cache while all rows pass by. */
#define PANEL_BYTES 393216

/*
 * rows × columns of output. Column panels of eight: {bias[8], k × weights[8]}, so a panel is read once from front to end.
 * A row's input is `kernel_rows` runs of `run` floats, `row_step` apart behind each run: im2col without the copy.
 */
typedef struct {
  const f32 *weights;
  i32 kernel_rows, run, row_step;
  i32 columns; /* from here to the end of the output's row */
  i32 panels;
  f32 low, high;
  i32 residual; /* floats from an output to what is added to it, or 0 for nothing */
} product;

INLINE void steps(const int rows, const int count, const f32 *const *p, const f32 *w, vec *left, vec *right) {
  UNROLL for (int u = 0; u < count; u++) {
    vec w0 = load(w + u * 8), w1 = load(w + u * 8 + 4);
    UNROLL for (int i = 0; i < rows; i++) {
      vec x = load1(p[i] + u);
      left[i] = madd(x, w0, left[i]);
      right[i] = madd(x, w1, right[i]);
      PIN(left[i]);
      PIN(right[i]);
    }
  }
}

INLINE void tile(const int rows, const f32 *const *in, f32 *const *out, const product *job) {
  const f32 *w = job->weights;
  vec low = splat(job->low), high = splat(job->high);
  i32 columns = job->columns, residual = job->residual;
  f32 *o[6];
  UNROLL for (int i = 0; i < rows; i++) o[i] = out[i];
  for (i32 panel = job->panels; panel > 0; panel--, columns -= 8) {
    vec left[6], right[6];
    vec bias0 = load(w), bias1 = load(w + 4);
    w += 8;
    UNROLL for (int i = 0; i < rows; i++) {
      left[i] = bias0;
      right[i] = bias1;
    }
    const f32 *p[6];
    UNROLL for (int i = 0; i < rows; i++) p[i] = in[i];
    for (i32 y = job->kernel_rows; y > 0; y--) {
      i32 k = job->run;
      for (; k >= STEPS; k -= STEPS) {
        steps(rows, STEPS, p, w, left, right);
        UNROLL for (int i = 0; i < rows; i++) p[i] += STEPS;
        w += 8 * STEPS;
      }
#if STEPS > 1
      /* What is left, up to three steps: all of a run where an image has one channel. */
      switch (k) {
        case 1: steps(rows, 1, p, w, left, right); break;
        case 2: steps(rows, 2, p, w, left, right); break;
        case 3: steps(rows, 3, p, w, left, right); break;
      }
      w += 8 * k;
#endif
      UNROLL for (int i = 0; i < rows; i++) p[i] += job->row_step + k;
    }
    if (columns >= 8) {
      if (residual) {
        UNROLL for (int i = 0; i < rows; i++) {
          left[i] = add(left[i], load(o[i] + residual));
          right[i] = add(right[i], load(o[i] + residual + 4));
        }
      }
      UNROLL for (int i = 0; i < rows; i++) {
        store(o[i], clamp(left[i], low, high));
        store(o[i] + 4, clamp(right[i], low, high));
        o[i] += 8;
      }
    } else {
      UNROLL for (int i = 0; i < rows; i++) {
        if (residual) {
          left[i] = add(left[i], load(o[i] + residual));
          if (columns > 4) right[i] = add(right[i], load(o[i] + residual + 4));
        }
        store_part(o[i], clamp(left[i], low, high), columns);
        if (columns > 4) store_part(o[i] + 4, clamp(right[i], low, high), columns - 4);
      }
    }
  }
}

#define TILE(n) NOINLINE void tile##n(const f32 *const *in, f32 *const *out, const product *job) { tile(n, in, out, job); }
TILE(1) TILE(2) TILE(3) TILE(4)
#if ROWS > 4
TILE(5)
#endif
#if ROWS > 5
TILE(6)
#endif

NOINLINE void some_rows(i32 rows, const f32 *const *in, f32 *const *out, const product *job) {
  switch (rows) {
    case 1: tile1(in, out, job); break;
    case 2: tile2(in, out, job); break;
    case 3: tile3(in, out, job); break;
    case 4: tile4(in, out, job); break;
#if ROWS > 4
    case 5: tile5(in, out, job); break;
#endif
#if ROWS > 5
    default: tile6(in, out, job);
#endif
  }
}

/* `panels` panels of one row: twice as many independent chains, which hide the latency of the additions. */
INLINE void row_panels(const int panels, const f32 *x, const f32 *w, f32 *y, const f32 *residual, i32 depth, i32 columns, vec low,
                       vec high) {
  const f32 *p[4];
  vec sums[8];
  UNROLL for (int i = 0; i < panels; i++) p[i] = w + i * (depth + 1) * 8;
  UNROLL for (int i = 0; i < 2 * panels; i++) sums[i] = load(p[i >> 1] + (i & 1) * 4);
  if (residual) {
    UNROLL for (int i = 0; i < 2 * panels; i++) {
      if (columns > i * 4) sums[i] = add(sums[i], load(residual + i * 4));
    }
  }
  i32 k = depth;
  UNROLL for (int i = 0; i < panels; i++) p[i] += 8;
  for (; k >= STEPS; k -= STEPS) {
    UNROLL for (int u = 0; u < STEPS; u++) {
      vec s = load1(x + u);
      UNROLL for (int i = 0; i < 2 * panels; i++) {
        sums[i] = madd(s, load(p[i >> 1] + u * 8 + (i & 1) * 4), sums[i]);
        PIN(sums[i]);
      }
    }
    x += STEPS;
    UNROLL for (int i = 0; i < panels; i++) p[i] += 8 * STEPS;
  }
#if STEPS > 1
  for (; k > 0; k--) {
    vec s = load1(x++);
    UNROLL for (int i = 0; i < 2 * panels; i++) sums[i] = madd(s, load(p[i >> 1] + (i & 1) * 4), sums[i]);
    UNROLL for (int i = 0; i < panels; i++) p[i] += 8;
  }
#endif
  UNROLL for (int i = 0; i < 2 * panels; i++) {
    if (columns > i * 4) store_part(y + i * 4, clamp(sums[i], low, high), columns - i * 4);
  }
}

static void one_row(const f32 *x, const f32 *w, f32 *y, const f32 *residual, i32 depth, i32 columns, f32 low, f32 high) {
  const vec lo = splat(low), hi = splat(high);
  for (; columns >= 32; columns -= 32, w += 32 * (depth + 1), y += 32) {
    row_panels(4, x, w, y, residual, depth, 32, lo, hi);
    if (residual) residual += 32;
  }
  switch ((columns + 7) / 8) {
    case 1: row_panels(1, x, w, y, residual, depth, columns, lo, hi); break;
    case 2: row_panels(2, x, w, y, residual, depth, columns, lo, hi); break;
    case 3: row_panels(3, x, w, y, residual, depth, columns, lo, hi); break;
    case 4: row_panels(4, x, w, y, residual, depth, columns, lo, hi); break;
  }
}

/*
 * out[n, y, x, :] = clamp(Σ in[n, y·stride_y + i, x·stride_x + j, :] · w[i, j, :, :] + bias (+ residual)), NHWC. The input is padded
 * already. Pitches are floats from one row or image to the next; `pixel_out` from one output pixel to the next, so that an output can
 * lie inside a padded buffer. A matrix product of rows × depth is one image of one row: out_w = rows, channels = depth, kernel 1 × 1.
 */
EXPORT(conv2d) void conv2d(const f32 *in, const f32 *weights, f32 *out, const f32 *residual, i32 images, i32 out_h, i32 out_w,
                           i32 channels, i32 kernel_h, i32 kernel_w, i32 stride_y, i32 stride_x, i32 row_in, i32 image_in,
                           i32 columns, i32 row_out, i32 image_out, i32 pixel_out, f32 low, f32 high) {
  const i32 run = kernel_w * channels, depth = kernel_h * run, rows = images * out_h * out_w;
  const i32 panels = (columns + 7) / 8, panel = (depth + 1) * 8;
  if (rows == 1 && kernel_h == 1) {
    one_row(in, weights, out, residual, depth, columns, low, high);
    return;
  }
  i32 at_once = PANEL_BYTES / (panel * 4);
  if (at_once < 1) at_once = 1;
  product job = {weights, kernel_h, run, row_in - run, 0, 0, low, high, residual ? (i32)(residual - out) : 0};
  for (i32 first = 0; first < panels; first += at_once) {
    job.weights = weights + first * panel;
    job.columns = columns - first * 8;
    job.panels = panels - first < at_once ? panels - first : at_once;
    const f32 *image = in, *from = in;
    f32 *image_to = out, *to = out;
    i32 y = 0, x = 0;
    /* As even as can be: 49 rows are four times 6 and five times 5, as a last tile of 1 would take nearly as long as one of 6. */
    const i32 tiles = (rows + ROWS - 1) / ROWS, least = rows / tiles, larger = rows % tiles;
    for (i32 t = 0; t < tiles; t++) {
      const i32 count = t < larger ? least + 1 : least;
      const f32 *inputs[6];
      f32 *outputs[6];
      for (i32 i = 0; i < count; i++) {
        inputs[i] = from;
        outputs[i] = to + first * 8;
        from += stride_x * channels;
        to += pixel_out;
        if (++x == out_w) {
          x = 0;
          if (++y == out_h) {
            y = 0;
            image += image_in;
            image_to += image_out;
          }
          from = image + y * stride_y * row_in;
          to = image_to + y * row_out;
        }
      }
      some_rows(count, inputs, outputs, &job);
    }
  }
}

/* `across` is the step from one weight to the next of a row, `down` that to the next row. */
static void pack_panels(const f32 *w, const f32 *bias, f32 *out, i32 depth, i32 columns, i32 down, i32 across) {
  for (i32 n = 0; n < columns; n += 8) {
    const i32 width = columns - n < 8 ? columns - n : 8;
    for (i32 j = 0; j < 8; j++) *out++ = bias && j < width ? bias[n + j] : 0;
    const f32 *from = w + n * across;
    for (i32 k = 0; k < depth; k++, from += down, out += 8) {
      if (width == 8 && across == 1) {
        store(out, load(from));
        store(out + 4, load(from + 4));
      } else {
        for (i32 j = 0; j < 8; j++) out[j] = j < width ? from[j * across] : 0;
      }
    }
  }
}

/* Weights [depth][columns] and a bias (or 0) → panels, (columns + 7) / 8 · 8 · (depth + 1) floats. */
EXPORT(pack) void pack(const f32 *w, const f32 *bias, f32 *out, i32 depth, i32 columns) {
  pack_panels(w, bias, out, depth, columns, columns, 1);
}

/*
 * out[i] = a[i] · b[i], [rows, depth] · [depth, columns] of each of `batch` items; transposed, an operand lies as [depth, rows] or
 * [columns, depth]. Steps are floats from one item to the next, 0 where all share one. `scratch`: (columns + 7) / 8 · 8 · (depth + 1)
 * floats, and rows · depth more if a is transposed.
 */
EXPORT(batch_matmul) void batch_matmul(const f32 *a, const f32 *b, f32 *out, i32 batch, i32 rows, i32 depth, i32 columns,
                                       i32 transpose_a, i32 transpose_b, i32 a_step, i32 b_step, f32 *scratch) {
  const f32 infinite = __builtin_inff();
  f32 *turned = scratch + (columns + 7) / 8 * 8 * (depth + 1);
  for (i32 i = 0; i < batch; i++, a += a_step, b += b_step, out += rows * columns) {
    if (i == 0 || b_step != 0) pack_panels(b, 0, scratch, depth, columns, transpose_b ? 1 : columns, transpose_b ? depth : 1);
    if (transpose_a && (i == 0 || a_step != 0))
      for (i32 r = 0; r < rows; r++)
        for (i32 k = 0; k < depth; k++) turned[r * depth + k] = a[k * rows + r];
    conv2d(transpose_a ? turned : a, scratch, out, 0, 1, 1, rows, depth, 1, 1, 1, 1, rows * depth, 0, columns, rows * columns, 0,
           columns, -infinite, infinite);
  }
}
