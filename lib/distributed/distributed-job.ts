import { type Chain, findStart } from '../batch/chain.js';
import { InputChanged } from '../batch/input-changed.js';
import { batchPaths, workFolder } from '../batch/paths.js';
import { ModeletError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { ObjectInfo, ObjectStore } from '../core/object-store.js';
import type { Service } from '../service.js';
import { planKey } from './chunk.js';

/** One upload on which many functions work at the same time. Any of its steps may be called any number of times. */
export interface DistributedJob {
  readonly service: Service;
  readonly data: ObjectStore;
  /** Of the upload, below `inbox/<model>/`. */
  readonly key: string;
  /** Which upload of that key: the name of its folder below `work/<model>/<key>/`. */
  readonly upload: string;
  /** Until the host ends this invocation. */
  remainingMs(): number;
  readonly log: Log;
}

export const jobFolder = ({ service, key, upload }: DistributedJob): string =>
  `${batchPaths(service.model, key).work}${upload}/`;

/** @throws InputChanged where the key has another upload by now, or none */
export async function currentUpload({ service, data, key, upload }: DistributedJob): Promise<ObjectInfo> {
  const found = await data.stat(batchPaths(service.model, key).input);
  if (found === undefined) throw new InputChanged('deleted');
  if (workFolder(found) !== `${upload}/`) throw new InputChanged('replaced');
  return found;
}

/** What the job's first step pinned. @throws NOT_FOUND where it was cancelled, or has been committed */
export async function startOf(job: DistributedJob): Promise<Chain> {
  const { start } = await findStart(job.data, jobFolder(job));
  if (start !== undefined) return start;
  throw new ModeletError('NOT_FOUND', 'the job was cancelled, or another has finished it; start it again');
}

/** Whether the upload at a key is planned to be worked on by many: its own queue then leaves it to them. */
export async function isDistributed(data: ObjectStore, model: string, key: string): Promise<boolean> {
  const paths = batchPaths(model, key);
  const upload = await data.stat(paths.input);
  const { start } = upload === undefined ? {} : await findStart(data, paths.work + workFolder(upload));
  return start !== undefined && (await data.stat(planKey(start))) !== undefined;
}
