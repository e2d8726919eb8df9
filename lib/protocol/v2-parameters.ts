import { describeValue, invalidInput } from '../core/errors.js';

export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** Parameters whose being ignored would make the answer another one than was asked for, and why they are refused. */
const refused = new Map([
  ['shared_memory_region', 'a function shares no memory with its callers; send the data, or have it sent'],
  ['classification', 'V2 gives the raw scores; POST /models/{model} gives labels'],
]);

/**
 * "Parameters" of a request, an input or an output: text, numbers and booleans by name. Those that nobody defined are
 * taken and change nothing.
 * @throws INVALID_INPUT
 */
export function parseParameters(value: unknown, field: string): Parameters {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalidInput(field, `expected an object, got ${describeValue(value)}`);
  }
  for (const [name, parameter] of Object.entries(value)) {
    const reason = refused.get(name);
    if (reason !== undefined) throw invalidInput(`${field}.${name}`, reason);
    if (!['string', 'number', 'boolean'].includes(typeof parameter)) {
      throw invalidInput(field, `expected text, numbers and booleans as values, got ${describeValue(parameter)}`);
    }
  }
  return value as Parameters;
}

/** @throws INVALID_INPUT for what is neither a boolean nor absent */
export function booleanParameter(parameters: Parameters, name: string, field: string): boolean | undefined {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalidInput(`${field}.${name}`, `expected true or false, got ${describeValue(value)}`);
}

/** "binary_data_size". @throws INVALID_INPUT for what is neither a whole number of 0 or more nor absent */
export function binaryDataSize(parameters: Parameters, field: string): number | undefined {
  const value = Object.hasOwn(parameters, 'binary_data_size') ? parameters.binary_data_size : undefined;
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) return value;
  throw invalidInput(`${field}.binary_data_size`, 'expected a whole number of 0 or more');
}
