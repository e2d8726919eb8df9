import { ModeletError } from '../core/errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Links } from '../jobs/links.js';
import type { Service } from '../service.js';
import { readJsonObject } from './body.js';
import type { HttpRequest } from './http.js';
import { json } from './responses.js';
import type { Route, RouteCall } from './route.js';
import { checkModel, requestedVersion } from './version-ref.js';

/** Where jobs are kept, and who makes the addresses that a request's answer holds. */
export interface JobsDoor {
  readonly jobs: Jobs;
  /** @param origin of the request: a local server is its own store */
  linksFor(origin: string): Links;
}

/** `/models/{model}/jobs`: work too large for a request. @param open called at the first of them */
export function jobRoutes(service: Service, open: () => Promise<JobsDoor>): Route[] {
  const path = '/models/{model}/jobs';
  const consumerOf = ({ consumer }: HttpRequest): string => consumer ?? '';
  const withJobs = async <T>(call: RouteCall, use: (jobs: Jobs, links: Links) => Promise<T>): Promise<T> => {
    checkModel(service, call);
    const { jobs, linksFor } = await open();
    return use(jobs, linksFor(call.url.origin));
  };
  return [
    {
      method: 'POST',
      path,
      handle: async (call) => {
        refuseVersion(call.url.searchParams);
        // Nobody uploads a gigabyte for a model that is not there.
        await requestedVersion(service, call);
        const body = await readJsonObject(call.request);
        const job = await withJobs(call, (jobs, links) => jobs.create(consumerOf(call.request), body, links));
        return json(job, { location: `${call.url.pathname}/${job.id}` }, 202);
      },
    },
    {
      method: 'GET',
      path: `${path}/{id}`,
      handle: async (call) =>
        json(
          await withJobs(call, (jobs, links) => jobs.state(consumerOf(call.request), call.params.id ?? '', links)),
          // An address in it is a key to the result.
          { 'cache-control': 'no-store' },
        ),
    },
    {
      method: 'DELETE',
      path: `${path}/{id}`,
      handle: async (call) => {
        await withJobs(call, (jobs) => jobs.remove(consumerOf(call.request), call.params.id ?? ''));
        return { status: 204, headers: {}, body: '' };
      },
    },
  ];
}

/** A batch chooses its version when it starts; a job for another would be answered by the wrong one. */
function refuseVersion(query: URLSearchParams): void {
  const name = ['version', 'alias'].find((one) => query.has(one));
  if (name === undefined) return;
  const problem = `a job is answered by the version that alias production names when it starts; leave out ?${name}=`;
  throw new ModeletError('INVALID_REQUEST', problem);
}
