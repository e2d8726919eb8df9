import { ModeletError } from '../core/errors.js';
import type { Registry } from '../registry/registry.js';
import { examineModel } from './examine-model.js';
import { examineCredentials, examineFramework, examineNode, readService } from './examine-service.js';
import { type Finding, findingOf } from './finding.js';
import type { Verb } from './verb.js';

export const doctor: Verb = {
  name: 'doctor',
  usage: 'modelet doctor',
  summary: 'checks before a deploy: Node.js, serverless.yml, and each of its models with its golden output',
  needs: [],
  options: {},
  help: [
    '  Run it where serverless.yml is. Nothing is changed, nor sent anywhere; with --registry s3://… the models of that bucket',
    '  are read. Exit code 1 where a check failed; warnings are told and pass.',
  ],
  run: async ({ registry, print, progress }) => {
    const { finding, models } = await readService();
    const findings = [examineNode(), examineFramework(), finding, examineCredentials()];
    findings.push(await examineRegistry(registry));
    const bar = progress('models', models.length);
    for (const [index, model] of models.entries()) {
      bar.update(index, model.name);
      findings.push(...(await examineModel(registry, model)));
    }
    bar.stop();
    print(findings.map(line).join('\n'), { findings });
    const failed = findings.filter(({ state }) => state === 'failed').length;
    if (failed > 0) throw new ModeletError('INVALID_REQUEST', `${failed} of ${findings.length} checks failed; ${mend}`);
  },
};

const mend = "mend what is marked 'failed', then run it again";

function examineRegistry(registry: Registry): Promise<Finding> {
  return findingOf('registry', async () => {
    const { location } = registry.store;
    const { length } = await registry.models();
    if (length > 0) return { state: 'ok', message: `${location} has ${length} model(s)` };
    return {
      state: 'failed',
      message: `${location} has no models`,
      todo: 'publish one, or name another by --registry',
    };
  });
}

function line({ state, subject, message, todo }: Finding): string {
  const first = `${state.padEnd(7)}  ${subject}: ${message}`;
  return todo === undefined ? first : `${first}\n         ${todo}`;
}
