/** Keras 1 and 2 give some functions other names, or the same name to another function. */
const renamed: Readonly<Record<string, string>> = {
  swish: 'silu',
  // TF.js' and TensorFlow's own spellings.
  hardSigmoid: 'hard_sigmoid',
  hard_swish: 'hard_silu',
};

/**
 * An activation as KerasLayer.config has it.
 * @param activation null, a name, a function's description (`{ class_name: 'function', config: 'relu' }`), or a layer's
 * @param major of the Keras that wrote the file: hard_sigmoid became another function in Keras 3
 */
export function normaliseActivation(activation: unknown, major: number): unknown {
  if (activation === null || activation === undefined) return 'linear';
  if (typeof activation === 'string') return nameOf(activation, major);
  if (typeof activation !== 'object') return activation;
  const {
    class_name: className,
    config,
    registered_name: registered,
  } = activation as Readonly<Record<string, unknown>>;
  // A function: Keras 3 says `function` and the name, Keras 2 sometimes the object's class.
  if (className === 'function' && typeof config === 'string' && !String(registered ?? '').includes('>')) {
    return nameOf(config, major);
  }
  if (typeof className === 'string' && typeof config === 'object' && config !== null) {
    // `Activation` inside an activation is the function that it names.
    if (className === 'Activation') return normaliseActivation((config as { activation?: unknown }).activation, major);
    return { class_name: className, config: slopes(className, config as Readonly<Record<string, unknown>>) };
  }
  return activation;
}

function nameOf(name: string, major: number): string {
  const plain = name.includes('>') ? name : (name.split('.').at(-1) ?? name);
  const known = Object.hasOwn(renamed, plain) ? (renamed[plain] as string) : plain;
  return known === 'hard_sigmoid' && major < 3 ? 'hard_sigmoid_02' : known;
}

/** LeakyReLU's slope is `alpha` before Keras 3. */
export function slopes(
  className: string,
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (className !== 'LeakyReLU' || config.negative_slope !== undefined) return config;
  const { alpha, ...others } = config;
  return { ...others, negative_slope: alpha ?? 0.3 };
}
