/** A route of the REST API. A path part is text or one {parameter}, never both: API Gateway refuses a mix. */
export interface Route {
  readonly method: 'ANY' | 'GET';
  readonly path: string;
  /** Whether API Gateway asks for an API key. */
  readonly key: boolean;
}

const any = (path: string, key = true): Route => ({ method: 'ANY', path, key });

/** The routes of one model: each base and everything below it. `ANY`, so that our 405 answers and not the gateway's 403. */
export function modelRoutes(model: string): Route[] {
  const bases = ['/models', '/v1/models', '/v2/models'].map((base) => `${base}/${model}`);
  return [
    ...bases.flatMap((base) => [any(base), any(`${base}/{proxy+}`)]),
    any(`/v1/models/${model}:predict`),
    any(`/v1/models/${model}:classify`),
  ];
}

/**
 * Whatever no model owns. API Gateway matches path and method together, so `/{proxy+}` also takes `/models` and `/v2`, which
 * are resources without a method; only the root it does not take.
 */
export const catalogRoutes: readonly Route[] = [
  { method: 'GET', path: '/', key: false },
  any('/'),
  any('/{proxy+}'),
  any('/v2/health/{proxy+}', false),
];
