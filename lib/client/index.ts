export { type Client, type ClientOptions, createClient } from './create-client.js';
export type { CallOptions, Instance, ModelClient } from './model-client.js';
export type { LargeOptions, LargeResult, Row } from './predict-large.js';
export { RequestError, type RequestErrorCode } from './request-error.js';
export type { InputsOf, OutputsOf, Signature, TensorSpec } from './signature-types.js';
