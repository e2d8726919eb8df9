import { ModeletError } from '../core/errors.js';
import { examineCredentials } from './examine-credentials.js';
import { examineModel } from './examine-model.js';
import type { Finding } from './finding.js';
import { packageService } from './package-service.js';
import type { Verb } from './verb.js';

export const doctor: Verb = {
  name: 'doctor',
  usage: 'modelet doctor',
  summary: 'checks before a deploy: packages the service, and asks each packaged model for its golden output',
  needs: [],
  options: {},
  help: [
    '  Run it where serverless.yml is. It packages as `npx sls package` does, and runs the functions that come of it here, with the',
    '  memory that they will have, on the models of the registry (--registry s3://… for those of a bucket). Exit code 1 where a check',
    '  failed; warnings are told and pass.',
  ],
  run: async ({ registry, print, progress }) => {
    const bar = progress('doctor', 1);
    const findings: Finding[] = [];
    try {
      bar.update(0, 'packaging');
      const { finding, models } = await packageService();
      findings.push(finding, await examineCredentials());
      for (const [index, model] of models.entries()) {
        bar.update((index + 1) / (models.length + 1), model.name);
        findings.push(...(await examineModel(registry, model)));
      }
    } finally {
      bar.stop();
    }
    print(findings.map(line).join('\n'), { findings });
    const failed = findings.filter(({ state }) => state === 'failed').length;
    if (failed > 0) throw new ModeletError('INVALID_REQUEST', `${failed} of ${findings.length} checks failed; ${mend}`);
  },
};

const mend = "mend what is marked 'failed', then run it again";

function line({ state, subject, message, todo }: Finding): string {
  const first = `${state.padEnd(7)}  ${subject}: ${message}`;
  return todo === undefined ? first : `${first}\n         ${todo}`;
}
