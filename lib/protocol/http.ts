/**
 * What the protocols need of a request: the web's own Request is one, and so is the lean object that an event becomes.
 * A Request with a body and a Response would cost a small request more than all else beside its forward pass
 * (docs/benchmarks.md, "handler").
 */
export type HttpRequest = Pick<Request, 'method' | 'url' | 'arrayBuffer'> & {
  readonly headers: Pick<Headers, 'get'>;
  /**
   * Who asks: the id of the API key, `$context.identity.apiKeyId` of a REST API's method that requires one; undefined where the
   * gateway asks for none, as HTTP APIs and function URLs.
   */
  readonly consumer?: string | undefined;
};

/** What `new Response(body, { status, headers })` takes. Header names are lower case. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Text as it is; bytes for anything else. */
  readonly body: string | Uint8Array;
}
