import { setTimeout as sleep } from 'node:timers/promises';
import type { MapCounts, StepFunctions } from '../aws/step-functions.js';
import { findStart } from '../batch/chain.js';
import { countingSummary, look } from '../batch/look.js';
import { batchPaths, workFolder } from '../batch/paths.js';
import { removeWork } from '../batch/remove-work.js';
import type { Summary } from '../batch/summary.js';
import { ModeletError } from '../core/errors.js';
import { namePattern } from '../core/manifest.js';
import type { ObjectStore } from '../core/object-store.js';
import { readPlan } from '../distributed/plan.js';
import { checkEntered } from '../distributed/plan-chunks.js';
import { openStore } from '../registry/stores/open-store.js';
import type { DistributedInput } from '../serverless/state-machine.js';
import { distributedDollars } from './distributed-cost.js';
import { serviceName } from './service-name.js';
import { checkWhole, tellSummary } from './tell-summary.js';
import type { VerbCall } from './verb.js';

const pollMs = 2000;

/** One upload, and the names of what works on it. */
interface Job {
  readonly data: ObjectStore;
  readonly model: string;
  readonly key: string;
  readonly upload: string;
  readonly machine: StepFunctions;
  /** Executions can't share a name: those of one upload are numbered. */
  name(attempt: number): string;
}

/** `modelet batch MODEL s3://BUCKET/inbox/MODEL/KEY --distributed`: starts the state machine on an upload, or finds it at work. */
export async function runDistributed(call: VerbCall): Promise<void> {
  const { positionals, values } = call;
  const [model = '', address = '', another] = positionals;
  const { bucket, key } = readAddress(model, address, another);
  const concurrency = readNumber('concurrency', values.concurrency ?? '100', 1, 10_000);
  const tolerated = readNumber('tolerate', values.tolerate ?? '0', 0, 100);
  const data = await openStore(`s3://${bucket}`);
  const paths = batchPaths(model, key);
  const found = await data.stat(paths.input);
  if (found === undefined) throw new ModeletError('NOT_FOUND', `there is no ${address}; upload it there first`);
  const summary = countingSummary(await look(data, paths));
  if (summary !== undefined) return report(call, address, summary);

  const service = `${serviceName()}-${(values.stage as string | undefined) ?? 'dev'}`;
  // The client is for this option alone.
  const { openStepFunctions } = await import('../aws/step-functions.js');
  const machine = await openStepFunctions(`${service}-distributed`);
  const upload = workFolder(found).slice(0, -1);
  const job: Job = { data, model, key, upload, machine, name: (attempt) => `${model}-${upload}-${attempt}` };
  try {
    if (values.cancel === true) return await cancel(call, job);
    const input: DistributedInput = { function: `${service}-${model}-batch`, key, upload, concurrency, tolerated };
    const name = await attach(job, input);
    process.stderr.write(`${name} is at work; Ctrl-C leaves it at that, and the same command finds it again\n`);
    await follow(call, job, name);
    const result = countingSummary(await look(data, paths));
    if (result === undefined)
      throw new ModeletError('INFERENCE_FAILED', `${address} was replaced meanwhile; start again`);
    report(call, address, result);
  } finally {
    machine.close();
  }
}

/** @returns the execution that runs, started here where there is none */
async function attach({ machine, name }: Job, input: DistributedInput): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const execution = await machine.find(name(attempt));
    if (execution?.status === 'RUNNING') return name(attempt);
    if (execution === undefined && (await machine.start(name(attempt), input))) return name(attempt);
  }
}

async function cancel({ print }: VerbCall, { machine, name, data, model, key, upload }: Job): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const execution = await machine.find(name(attempt));
    if (execution === undefined)
      throw new ModeletError('NOT_FOUND', 'nothing works on this upload; there is nothing to cancel');
    if (execution.status !== 'RUNNING') continue;
    await machine.stop(name(attempt));
    await removeWork(data, [`${batchPaths(model, key).work}${upload}/`]);
    return print(`${name(attempt)} is cancelled; the upload stays`, { cancelled: name(attempt) });
  }
}

/** Until it ends. @throws INFERENCE_FAILED where it did not succeed */
async function follow({ progress }: VerbCall, job: Job, name: string): Promise<void> {
  const bar = progress(job.model, 1);
  const notes = createNotes(job);
  try {
    for (;;) {
      const execution = await job.machine.find(name);
      const counts = await job.machine.counts(name);
      if (counts !== undefined && counts.chunks > 0) bar.update(counts.done / counts.chunks, await notes(counts));
      if (execution?.status === 'SUCCEEDED') return;
      if (execution?.status !== 'RUNNING') throw ended(execution?.why || (execution?.status ?? 'it is gone'));
      await sleep(pollMs);
    }
  } finally {
    bar.stop();
  }
}

/** What stands beside the bar: how many functions were at work is known only for the moments of looking. */
function createNotes({ data, model, key, upload }: Job): (counts: MapCounts) => Promise<string> {
  let records: number | undefined;
  let [looks, running] = [0, 0];
  return async (counts) => {
    if (records === undefined) {
      const { start } = await findStart(data, `${batchPaths(model, key).work}${upload}/`);
      const plan = start && (await readPlan(data, start));
      records = plan?.chunks.at(-1)?.end;
    }
    looks++;
    running += counts.running;
    const seconds = Math.max(1, (Date.now() - counts.started.getTime()) / 1000);
    const rate = ((records ?? 0) * counts.done) / counts.chunks / seconds;
    const functionSeconds = (running / looks) * seconds;
    const dollars = distributedDollars({ functionSeconds, invocations: counts.invocations, chunks: counts.done });
    const { done, chunks, failed } = counts;
    return `${done} of ${chunks} chunks, ${failed} failed, ${Math.round(rate)} records/s, about $${dollars.toFixed(2)}`;
  };
}

function ended(why: string): ModeletError {
  const todo = why.includes('; ') ? '' : '; the same command starts it again, and what is done stays';
  return new ModeletError('INFERENCE_FAILED', `the job ended: ${why}${todo}`);
}

function report({ print }: VerbCall, address: string, summary: Summary): void {
  const folder = address.replace('/inbox/', '/outbox/');
  print(tellSummary(folder, summary), { folder, ...summary });
  checkWhole(address, summary);
}

function readAddress(model: string, address: string, another: string | undefined): { bucket: string; key: string } {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
  const inbox = `inbox/${model}/`;
  if (!namePattern.test(model) || bucket === undefined || !path.startsWith(inbox) || path.endsWith('/') || another) {
    const message = `--distributed takes one upload below s3://BUCKET/inbox/MODEL/, got '${another ?? address}'; upload it there, one job each`;
    throw new ModeletError('INVALID_REQUEST', message);
  }
  const key = path.slice(inbox.length);
  checkEntered(key);
  return { bucket, key };
}

function readNumber(option: string, text: string | boolean, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ModeletError('INVALID_REQUEST', `--${option} is '${text}'; give a whole number from ${least} to ${most}`);
}
