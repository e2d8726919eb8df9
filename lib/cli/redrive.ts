import { ModeletError } from '../core/errors.js';
import { namePattern } from '../core/manifest.js';
import { serviceName } from './service-name.js';
import type { Verb } from './verb.js';

export const redrive: Verb = {
  name: 'redrive',
  usage: 'modelet redrive MODEL [--stage NAME]',
  summary: 'bring the uploads that failed for good back into the queue, once what was wrong is mended',
  needs: ['MODEL'],
  options: { stage: { type: 'string' } },
  help: [
    '  --stage NAME                       of the deployment (default dev); the service is that of ./serverless.yml',
  ],
  run: async ({ positionals, values, print }) => {
    const model = positionals[0] as string;
    if (!namePattern.test(model))
      throw new ModeletError(
        'INVALID_INPUT',
        `'${model}' is no model's name; use that of custom.modelet.models in serverless.yml`,
      );
    const queue = `${serviceName()}-${(values.stage as string | undefined) ?? 'dev'}-${model}-batch`;
    // The SQS client is for this verb alone.
    const { redrive: bringBack } = await import('../aws/sqs-redrive.js');
    const { reasons, left } = await bringBack(queue);
    const redriven = reasons.reduce((sum, { count }) => sum + count, 0);
    const lines = [
      `${model}: ${redriven === 0 ? 'there is nothing to bring back' : `${redriven} message(s) are back in ${queue}`}`,
      ...reasons.map(({ code, reason, count }) => `  ${count} × ${code}: ${reason}`),
      ...(left > 0 ? [`${left} failed again meanwhile and stay; mend what they say first`] : []),
    ];
    print(lines.join('\n'), { model, queue, redriven, reasons, left });
  },
};
