/** What `unary` computes, in the order of lib/kernels/c/elementwise.c. */
export const unaryKinds = [
  'copy',
  'neg',
  'abs',
  'square',
  'sqrt',
  'rsqrt',
  'reciprocal',
  'exp',
  'log',
  'sigmoid',
  'tanh',
  'erf',
  'floor',
  'ceil',
  'round',
  'sign',
  'softplus',
  'elu',
  'leaky',
  'affine',
  'toInt',
  'toFloat',
  'not',
  'expm1',
  'log1p',
  'softsign',
] as const;

/** What `binary` computes, in the order of lib/kernels/c/elementwise.c. */
export const binaryKinds = [
  'add',
  'sub',
  'mul',
  'div',
  'max',
  'min',
  'squaredDifference',
  'equal',
  'notEqual',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'intAdd',
  'intSub',
  'intMul',
  'intEqual',
  'intNotEqual',
  'intLess',
  'intLessEqual',
  'intGreater',
  'intGreaterEqual',
  'and',
  'or',
  'pow',
  'floorDiv',
  'intMax',
  'intMin',
  'intFloorDiv',
  'intFloorMod',
] as const;

/** What `reduce` computes, in the order of lib/kernels/c/reduce.c. */
export const reduceKinds = [
  'sum',
  'mean',
  'most',
  'least',
  'product',
  'intSum',
  'intMost',
  'intLeast',
  'intProduct',
] as const;

/** The cells of `recurrent`, in the order of lib/kernels/c/recurrent.c. */
export const cellKinds = ['lstm', 'gru', 'gruResetBefore', 'simpleRnn'] as const;

/** The activations of `recurrent`'s cells and gates, by the names of Keras and in the order of lib/kernels/c/recurrent.c. */
export const cellActivations = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'hard_sigmoid_02',
  'hard_sigmoid',
  'softsign',
] as const;
