// Jest gives each test file a realm of its own, so `new Float32Array()` there is not `instanceof` the Float32Array that native
// addons and Node's own modules check against. Tests get the main realm's binary types instead.
import { TestEnvironment } from 'jest-environment-node';

const shared = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
];

// libtensorflow reads it by getenv, which a test's own copy of process.env does not reach.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

export default class MainRealmEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of shared) this.global[name] = globalThis[name];
  }
}
