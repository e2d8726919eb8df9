#include "simd.h"

/* Upper and lower bound of x, log2 e, 1.5 · 2^23 (rounds to a whole number), −ln 2 in two parts, 1/6! … 1/2!, 1, another lower bound. */
const f32 exp_constants[13] = {89.0f,        -104.0f,      1.44269504f,   12582912.0f, -0.693359375f, 2.12194440e-4f, 1.0f / 720,
                               1.0f / 120, 1.0f / 24, 1.0f / 6,    0.5f,          1.0f,          -87.0f};
