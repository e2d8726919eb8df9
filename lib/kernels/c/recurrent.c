/*
 * Recurrent layers after Keras' cells. The input's products of all steps are one conv2d before; here come the state's, step by
 * step, and the gates. Units are padded to `width`, a multiple of 4: no padded unit has a way into one that counts.
 */
#include "simd.h"

void conv2d(const f32 *in, const f32 *weights, f32 *out, const f32 *residual, i32 images, i32 out_h, i32 out_w, i32 channels,
            i32 kernel_h, i32 kernel_w, i32 stride_y, i32 stride_x, i32 row_in, i32 image_in, i32 columns, i32 row_out,
            i32 image_out, i32 pixel_out, f32 low, f32 high);

/* `rows` rows of states [width] times packed weights, plus `start` (or 0); rows of it and of the output are `pitch` apart. */
static void times(const f32 *states, const f32 *weights, const f32 *start, f32 *out, i32 rows, i32 width, i32 columns, i32 pitch) {
  const f32 infinite = __builtin_inff();
  conv2d(states, weights, out, start, 1, 1, rows, width, 1, 1, 1, 1, rows * width, 0, columns, rows * pitch, 0, pitch, -infinite,
         infinite);
}

/* Keras' activations of cells; hard sigmoids of Keras 1 and 2, clip(x/5 + 1/2), and of Keras 3, relu6(x + 3)/6. */
enum { LINEAR, SIGMOID, TANH, RELU, HARD_SIGMOID_02, HARD_SIGMOID, SOFTSIGN };

INLINE vec activated(const int kind, vec x, const f32 *k) {
  switch (kind) {
    case SIGMOID: return vsigmoid(x, k);
    case TANH: return vtanh(x, k);
    case RELU: return wasm_f32x4_pmax(x, splat(0));
    case HARD_SIGMOID_02: return clamp(madd(x, splat(0.2f), splat(0.5f)), splat(0), splat(1));
    case HARD_SIGMOID: return mul(clamp(add(x, splat(3)), splat(0), splat(6)), splat(1.0f / 6));
    case SOFTSIGN: return quot(x, add(splat(1), wasm_f32x4_abs(x)));
    default: return x;
  }
}

NOINLINE void activate(i32 kind, f32 *x, i32 n) {
  EXP_CONSTANTS;
#define CASE(kind) case kind: for (i32 i = 0; i < n; i += 4) store(x + i, activated(kind, load(x + i), k)); break;
  switch (kind) { CASE(SIGMOID) CASE(TANH) CASE(RELU) CASE(HARD_SIGMOID_02) CASE(HARD_SIGMOID) CASE(SOFTSIGN) }
#undef CASE
}

/* The usual LSTM in one pass over its gates, without a store between them. */
NOINLINE void lstm_gates(const f32 *z, f32 *h, f32 *c, i32 width) {
  EXP_CONSTANTS;
  for (i32 u = 0; u < width; u += 4) {
    vec i = vsigmoid(load(z + u), k), f = vsigmoid(load(z + width + u), k);
    vec g = vtanh(load(z + 2 * width + u), k), o = vsigmoid(load(z + 3 * width + u), k);
    vec next = madd(f, load(c + u), mul(i, g));
    store(c + u, next);
    store(h + u, mul(o, vtanh(next, k)));
  }
}

/* i, f, o = σ(z), c' = f · c + i · tanh(z_c), h' = o · tanh(c'), with σ and tanh standing for the two activations. */
static void lstm_row(f32 *z, f32 *h, f32 *c, i32 width, i32 activation, i32 gate) {
  if (activation == TANH && gate == SIGMOID) {
    lstm_gates(z, h, c, width);
    return;
  }
  activate(gate, z, 2 * width);
  activate(activation, z + 2 * width, width);
  activate(gate, z + 3 * width, width);
  for (i32 u = 0; u < width; u += 4) {
    vec next = madd(load(z + width + u), load(c + u), mul(load(z + u), load(z + 2 * width + u)));
    store(c + u, next);
    store(h + u, next);
  }
  activate(activation, h, width);
  for (i32 u = 0; u < width; u += 4) store(h + u, mul(load(z + 3 * width + u), load(h + u)));
}

/* h' = z · h + (1 − z) · candidate */
static void mix(const f32 *z, const f32 *candidate, f32 *h, i32 width) {
  for (i32 u = 0; u < width; u += 4) {
    vec share = load(z + u);
    store(h + u, madd(share, load(h + u), mul(sub(splat(1), share), load(candidate + u))));
  }
}

/* The usual GRU with reset_after in one pass; x: z, r, candidate of the input, s: those of the state. */
NOINLINE void gru_gates(const f32 *x, const f32 *s, f32 *h, i32 width) {
  EXP_CONSTANTS;
  for (i32 u = 0; u < width; u += 4) {
    vec z = vsigmoid(add(load(x + u), load(s + u)), k), r = vsigmoid(add(load(x + width + u), load(s + width + u)), k);
    vec n = vtanh(madd(r, load(s + 2 * width + u), load(x + 2 * width + u)), k);
    store(h + u, madd(z, load(h + u), mul(sub(splat(1), z), n)));
  }
}

static void gru_row(const f32 *x, f32 *s, f32 *h, i32 width, i32 activation, i32 gate) {
  if (activation == TANH && gate == SIGMOID) {
    gru_gates(x, s, h, width);
    return;
  }
  for (i32 u = 0; u < 2 * width; u += 4) store(s + u, add(load(s + u), load(x + u)));
  activate(gate, s, 2 * width);
  for (i32 u = 0; u < width; u += 4)
    store(s + 2 * width + u, madd(load(s + width + u), load(s + 2 * width + u), load(x + 2 * width + u)));
  activate(activation, s + 2 * width, width);
  mix(s, s + 2 * width, h, width);
}

enum { LSTM, GRU, GRU_RESET_BEFORE, SIMPLE_RNN };

/* One step of one row: z the state's products, x the input's. */
static void update(i32 cell, const f32 *x, f32 *z, f32 *h, f32 *c, i32 width, i32 activation, i32 gate) {
  switch (cell) {
    case LSTM: lstm_row(z, h, c, width, activation, gate); break;
    case GRU: gru_row(x, z, h, width, activation, gate); break;
    case GRU_RESET_BEFORE:
      activate(activation, z + 2 * width, width);
      mix(z, z + 2 * width, h, width);
      break;
    default:
      activate(activation, z, width);
      __builtin_memcpy(h, z, (unsigned long)width * 4);
  }
}

/*
 * `x` [time][batch][gates · width]: the input's products with their bias. `weights`: the state's, packed from [width][gates · width],
 * with the recurrent bias; of a GRU with the reset before, z and r first (2 · width columns) and then the candidate's at `candidate`.
 * `h` and `c` [batch][width] hold the initial states and then the last ones. `mask` [time][batch] or 0: a step of 0 keeps the states.
 * `scratch`: batch · (gates + 1) · width. `out`: the outputs in the order of the steps taken, [time][batch][width], or 0 where h says
 * all. A masked step repeats the output before it (zeros at first), or with zero_masked writes zeros: so the last output of a masked
 * layer is that of `out` and not h.
 */
EXPORT(recurrent) void recurrent(i32 cell, const f32 *x, const f32 *weights, const f32 *candidate, f32 *h, f32 *c, f32 *scratch,
                                 const i32 *mask, f32 *out, i32 time, i32 batch, i32 width, i32 activation, i32 gate,
                                 i32 zero_masked, i32 backwards) {
  const i32 gates = cell == LSTM ? 4 : cell == SIMPLE_RNN ? 1 : 3, row = gates * width;
  f32 *reset = scratch + batch * row;
  for (i32 t = 0; t < time; t++) {
    const i32 step = backwards ? time - 1 - t : t;
    const f32 *in = x + step * batch * row;
    if (cell == GRU) {
      times(h, weights, 0, scratch, batch, width, row, row);
    } else if (cell == GRU_RESET_BEFORE) {
      /* z, r = σ(x + h · U), then candidate = x_h + (r · h) · U_h */
      times(h, weights, in, scratch, batch, width, 2 * width, row);
      for (i32 b = 0; b < batch; b++) {
        f32 *z = scratch + b * row;
        activate(gate, z, 2 * width);
        for (i32 u = 0; u < width; u += 4) store(reset + b * width + u, mul(load(z + width + u), load(h + b * width + u)));
      }
      times(reset, candidate, in + 2 * width, scratch + 2 * width, batch, width, width, row);
    } else {
      times(h, weights, in, scratch, batch, width, row, row);
    }
    for (i32 b = 0; b < batch; b++) {
      const i32 counts = mask == 0 || mask[step * batch + b] != 0;
      f32 *state = h + b * width;
      if (counts) update(cell, in + b * row, scratch + b * row, state, c + b * width, width, activation, gate);
      if (out == 0) continue;
      f32 *to = out + (t * batch + b) * width;
      const f32 *before = t > 0 ? to - batch * width : 0;
      const f32 *from = counts ? state : zero_masked ? 0 : before;
      for (i32 u = 0; u < width; u += 4) store(to + u, from ? load(from + u) : splat(0));
    }
  }
}
