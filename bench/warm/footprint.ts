import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readGolden } from '../../lib/core/stored-tensor.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { zipFolder } from '../../lib/serverless/zip-folder.js';
import { startEnvironment } from '../../test/support/lambda-environment.js';
import { type FunctionName, makeFunction } from '../cold-start/functions.js';
import { questionOf } from '../cold-start/question.js';
import { setStage } from '../cold-start/stage.js';

/** What the function of digits takes besides time, in MB (10⁶ bytes). */
export interface Footprint {
  /** Memory at rest after requests, over an empty handler's, both on Node.js 24 under AWS's runtime client. */
  readonly rssOverEmpty: number;
  readonly zip: number;
}

const megabyte = 1e6;
/** As many as make the requests' own garbage come and go. */
const requests = 20;

export async function measureFootprint(): Promise<Footprint> {
  const stage = await setStage(['digits'], undefined);
  try {
    const [network] = stage.networks;
    if (network === undefined) throw new Error('the stage has no digits');
    const { manifest, registry } = network;
    const golden = await readGolden(manifest, openVersion(registry.store, manifest));
    const question = questionOf('digits', golden, false);
    const env = { ...stage.env('digits'), ANSWER: question.answer };
    const atRest = async (name: FunctionName, check: (result: unknown) => unknown): Promise<number> => {
      const folder = await makeFunction(name, stage.folder);
      let output = '';
      const environment = await startEnvironment(folder, 'index.handler', env, (text) => {
        output += text;
      });
      try {
        for (let request = 0; request < requests; request++) {
          check(await environment.run(JSON.stringify(question.event), 29_000));
        }
        await setTimeout(200);
        return residentBytes(environment.pid);
      } catch (cause) {
        throw new Error(`${name}: ${(cause as Error).message}\n${output.slice(-2000)}`, { cause });
      } finally {
        await environment.stop();
      }
    };
    const empty = await atRest('idle', () => undefined);
    const digits = await atRest('digits', question.check);
    const zip = zipFolder(join(stage.folder, 'digits')).length;
    return { rssOverEmpty: (digits - empty) / megabyte, zip: zip / megabyte };
  } finally {
    await stage.stop();
  }
}

/** What is in memory of a process (Linux). */
function residentBytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
