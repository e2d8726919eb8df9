import { ModeletError } from '../core/errors.js';
import type { Timings } from '../core/timings.js';
import type { HttpRequest, HttpResponse } from './http.js';

/** What a route's handler gets. */
export interface RouteCall {
  readonly request: HttpRequest;
  readonly url: URL;
  /** Values of the path's `{names}`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly timings: Timings;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/v2/models/{model}/infer`: a name takes neither `/` nor `:`, and `{rest+}` whatever is left. */
  readonly path: string;
  handle(call: RouteCall): Promise<HttpResponse> | HttpResponse;
}

export type Match =
  | { readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** The path is known, but only for these methods; none for an unknown path. */
  | { readonly allow: readonly string[] };

/** Finds a request's route; HEAD goes where GET goes, and a trailing slash changes nothing. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const patterns = routes.map((route) => ({ route, pattern: compile(route.path) }));
  return (method, path) => {
    const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const wanted = method === 'HEAD' ? 'GET' : method;
    const allow: string[] = [];
    for (const { route, pattern } of patterns) {
      const groups = pattern.exec(trimmed);
      if (groups === null) continue;
      if (route.method === wanted) return { route, params: decodeAll(groups.groups ?? {}) };
      allow.push(...(route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
    }
    return { allow };
  };
}

function compile(path: string): RegExp {
  const source = path
    .replace(/[.*+?^$|()[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\\\+\}/g, '(?<$1>.+)')
    .replace(/\{(\w+)\}/g, '(?<$1>[^/:]+)');
  return new RegExp(`^${source}$`);
}

function decodeAll(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decode(value)]));
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ModeletError('NOT_FOUND', 'the path is not validly percent-encoded');
  }
}
