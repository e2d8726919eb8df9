import { createModelClient, type ModelClient } from './model-client.js';
import { send } from './send.js';
import type { Signature } from './signature-types.js';

export interface ClientOptions {
  /** Of the API: `http://localhost:3000`, or a deployment's, with its stage. */
  readonly url: string;
  readonly apiKey?: string;
  /** For a whole call, tries and waits together; 60 s by default. */
  readonly timeoutMs?: number;
  /** Tries after the first one, where that may help; 3 by default. */
  readonly retries?: number;
}

export interface Client {
  /**
   * A model, whose types follow its signature (`npx modelet show M --json`, or `GET /models/M`), given `as const`.
   * @typeParam Prediction what its task answers
   * @param options.version pins one; else the alias `production` decides at each call
   */
  model<const S extends Signature, Prediction = Readonly<Record<string, unknown>>>(
    name: string,
    signature: S,
    options?: { readonly version?: string },
  ): ModelClient<S, Prediction>;
}

/** A client of a modelet API. It needs `fetch` and nothing else: Node.js, Deno, a browser. */
export function createClient({ url, apiKey, timeoutMs = 60_000, retries = 3 }: ClientOptions): Client {
  const base = url.replace(/\/+$/, '');
  const key: Readonly<Record<string, string>> = apiKey === undefined ? {} : { 'x-api-key': apiKey };
  return {
    model: (name, signature, { version } = {}) =>
      createModelClient(
        (path, { headers, ...rest }) =>
          send({ url: base + path, headers: { ...headers, ...key }, timeoutMs, retries, ...rest }),
        name,
        signature,
        version,
      ),
  };
}
