import { describeValue } from '../../core/errors.js';
import { badSource } from './bad-source.js';
import { maxJsonBytes, maxJsonDepth } from './limits.js';

export type Json = Readonly<Record<string, unknown>>;

/**
 * Parses a file's JSON, bounded in size and depth.
 * @param what the file, for messages: `config.json`
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > maxJsonBytes) {
    throw badSource(`${what} has ${bytes.length} bytes`, `a model's description stays below ${maxJsonBytes} bytes`);
  }
  return parseJsonText(new TextDecoder().decode(bytes), what);
}

export function parseJsonText(text: string, what: string): unknown {
  if (depthOf(text) > maxJsonDepth) {
    throw badSource(`${what} is nested more than ${maxJsonDepth} deep`, 'check that it is the file of a model');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // Python writes Infinity and NaN without quotes; 1e999 is JSON, and reads as Infinity.
    const python = text.replace(/"(?:[^"\\]|\\.)*"|\bInfinity\b|\bNaN\b/g, (token) =>
      token === 'Infinity' ? '1e999' : token === 'NaN' ? 'null' : token,
    );
    if (python === text) throw badSource(`${what} is not JSON`, 'check that the file is whole', error);
    try {
      return JSON.parse(python);
    } catch (cause) {
      throw badSource(`${what} is not JSON`, 'check that the file is whole', cause);
    }
  }
}

/** How deep brackets outside strings nest: what follows may recurse. */
function depthOf(text: string): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}

/** @param what where it stands, for the message */
export function asObject(value: unknown, what: string): Json {
  if (isObject(value)) return value;
  throw wrongJson(what, 'an object', value);
}

export function asArray(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongJson(what, 'an array', value);
}

export function asText(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw wrongJson(what, 'text', value);
}

/** A whole number ≥ 0. */
export function asCount(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw wrongJson(what, 'a whole number', value);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongJson(what: string, must: string, value: unknown) {
  return badSource(`${what} is ${describeValue(value)}`, `save the model again: there is ${must} in that place`);
}
