// The state machine as it is deployed, on moto's interpreter with its S3: Plan, a DISTRIBUTED map over the real chunk list, Merge,
// and the command that starts and follows it. moto's functions give back what they get, or answers laid ready; what they got
// is then given to the real handler.
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createChunkHandler } from '../../lib/aws/chunk-handler.js';
import { workFolder } from '../../lib/batch/paths.js';
import type { Log } from '../../lib/core/log.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { tensor } from '../../lib/index.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { type DistributedInput, stateMachine } from '../../lib/serverless/state-machine.js';
import { createService, type Service } from '../../lib/service.js';
import { allKeys, wholeResult } from '../batch/whole-result.js';
import { openEngine } from '../support/engine.js';
import { stepEvent, workEvents } from '../support/machine-events.js';
import { memoryStore } from '../support/memory-store.js';
import { modeletCommand } from '../support/modelet-command.js';
import { requirePart } from '../support/requires.js';
import { type AwsServer, sqsServerInstalled, startMoto } from '../support/sqs-server.js';
import { publishScaled } from '../support/tiny-model.js';

const records = 3_500; // 4 chunks
const machine = 'modelet-dev-distributed';
const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };
const role = 'arn:aws:iam::123456789012:role/test';
const command = modeletCommand();

requirePart(
  'moto with Step Functions',
  sqsServerInstalled,
  'npm run sqs-server',
)('the state machine on an interpreter', () => {
  let moto: AwsServer;
  let sfn: SFNClient;
  let data: ObjectStore;
  let service: Service;
  let stateMachineArn: string;

  /** Of moto itself, or of a service that we have no client for. */
  const post = async (path: string, body: unknown, service = 'moto'): Promise<void> => {
    const scope = `Credential=modelet/20260101/eu-central-1/${service}/aws4_request`;
    const response = await fetch(`${moto.endpoint}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: {
        authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
        'content-type': typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json',
      },
    });
    if (!response.ok) throw new Error(`moto refused ${path}: ${await response.text()}`);
  };

  /** What the next calls of functions answer, in this order; after those they give back what they get. */
  const answer = (...answers: readonly unknown[]) =>
    post('/moto-api/static/lambda-simple/response', {
      results: answers.map((each) => JSON.stringify(each)),
      region: 'eu-central-1',
    });

  const createMachine = async (name: string, definition: unknown): Promise<string> => {
    const text = JSON.stringify(definition).replaceAll(`\${DataBucket}`, 'data');
    const created = await sfn.send(new CreateStateMachineCommand({ name, definition: text, roleArn: role }));
    return created.stateMachineArn ?? '';
  };

  /** Runs an execution to its end. */
  const execute = async (stateMachineArn: string, input: DistributedInput) => {
    const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    const { executionArn } = await sfn.send(command);
    for (;;) {
      const { status, output = '{}', error } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status !== 'RUNNING') return { status, output: JSON.parse(output), error };
      await new Promise((done) => setTimeout(done, 100));
    }
  };

  const upload = async (key: string, count = records): Promise<DistributedInput> => {
    const lines = Array.from({ length: count }, (_, index) => `[${index},1,2]\n`);
    await data.put(`inbox/tiny/${key}`, Buffer.from(lines.join('')));
    const info = await data.stat(`inbox/tiny/${key}`);
    if (info === undefined) throw new Error('the upload is gone');
    const id = workFolder(info).slice(0, -1);
    return { function: 'modelet-dev-tiny-batch', key, upload: id, concurrency: 3, tolerated: 0 };
  };

  const handle = (event: unknown) => createChunkHandler(service, data, quiet)(event, () => 900_000);

  beforeAll(async () => {
    moto = await startMoto();
    Object.assign(process.env, moto.env, { AWS_ENDPOINT_URL_S3: moto.endpoint, AWS_ENDPOINT_URL_SFN: moto.endpoint });
    await post('/moto-api/config', { stepfunctions: { execute_state_machine: true }, lambda: { use_docker: false } });
    const trust = encodeURIComponent('{"Version":"2012-10-17","Statement":[]}');
    await post('/', `Action=CreateRole&Version=2010-05-08&RoleName=test&AssumeRolePolicyDocument=${trust}`, 'iam');
    const zip = Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64').toString('base64'); // an empty one
    const lambda = {
      FunctionName: 'modelet-dev-tiny-batch',
      Runtime: 'nodejs20.x',
      Role: role,
      Handler: 'index.handler',
    };
    await post('/2015-03-31/functions', { ...lambda, Code: { ZipFile: zip } }, 'lambda');
    const s3 = new S3Client({ forcePathStyle: true });
    await s3.send(
      new CreateBucketCommand({ Bucket: 'data', CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    );
    s3.destroy();
    sfn = new SFNClient({});
    data = await openStore('s3://data');
    const registry = createRegistry(memoryStore());
    await publishScaled(registry);
    const engine = await openEngine('wasm');
    service = createService({
      model: 'tiny',
      registry,
      engine,
      tasks: [tensor],
      log: quiet,
      budget: 2 ** 30,
      lookEveryMs: 1e9,
    });
  });
  afterAll(async () => {
    sfn?.destroy();
    await moto?.stop();
  });

  test('plans until it is planned, maps over the list in S3, merges; its functions get what makes the one result', async () => {
    const input = await upload('a.jsonl');
    const planned = await handle(stepEvent('Plan', input));
    expect(planned).toMatchObject({ chunks: 4 });
    // What each child was called with is in its output, where that is kept.
    const arn = await createMachine('visible', visible());
    await answer({ unfinished: true }, planned, { unfinished: true });
    const { status, output } = await execute(arn, input);
    expect(status).toBe('SUCCEEDED');
    const chunks = JSON.parse(Buffer.from((await data.get(planned.list ?? ''))?.body ?? []).toString());
    const sent = output.map.map(({ work }: { work: { answer: unknown } }) => work.answer);
    // Without batches, which this interpreter has not, each chunk comes alone.
    expect(sent).toEqual(chunks.map((chunk: never) => workEvents(input, [chunk])[0]));
    expect(output.merged.answer).toEqual(stepEvent('Merge', input));

    for (const event of sent) expect(await handle(event)).toEqual({ done: true });
    expect(await handle(output.merged.answer)).toEqual({ summary: { state: 'done', records, failed: 0 } });
    const { rows } = await wholeResult(data, 'tiny', 'a.jsonl');
    expect(rows.every((row, index) => row.output.outputs.y[0] === index)).toBe(true);
  });

  test('the command starts it, follows it, and tells what came of it; once it is done, it asks nobody', async () => {
    const input = await upload('b.jsonl', 3000);
    const planned = await handle(stepEvent('Plan', input));
    stateMachineArn = await createMachine(machine, withoutBatches(stateMachine));
    await answer(planned);
    for (const event of workEvents(input, await chunksOf(planned.list))) await handle(event);
    const running = command.run('batch', 'tiny', 's3://data/inbox/tiny/b.jsonl', '--distributed');
    await handle(stepEvent('Merge', input));
    const { code, out, err } = await running;
    expect([code, err]).toEqual([0, expect.stringContaining(`tiny-${input.upload}-1 is at work`)]);
    expect(out).toBe('s3://data/outbox/tiny/b.jsonl/results.jsonl: 3000 record(s)\n');

    const again = await command.run('batch', 'tiny', 's3://data/inbox/tiny/b.jsonl', '--distributed', '--json');
    expect([again.code, again.err, JSON.parse(again.out)]).toEqual([0, '', expect.objectContaining({ records: 3000 })]);
  });

  const chunksOf = async (list = '') => JSON.parse(Buffer.from((await data.get(list))?.body ?? []).toString());

  test('what ended without a result is told, and started anew by the same command', async () => {
    const input = await upload('c.jsonl', 1);
    const args = ['batch', 'tiny', 's3://data/inbox/tiny/c.jsonl', '--distributed'];
    await answer({ done: true }); // which it is not
    const { code, err } = await command.run(...args);
    expect([code, err]).toEqual([1, expect.stringContaining('was replaced meanwhile')]);
    await answer({ done: true });
    expect((await command.run(...args)).err).toContain(`tiny-${input.upload}-2 is at work`);
    expect(await command.run(...args, '--cancel')).toMatchObject({
      code: 1,
      err: 'nothing works on this upload\nthere is nothing to cancel\n',
    });
  });

  test('--cancel stops it and removes what was done', async () => {
    const input = await upload('d.jsonl', 1);
    const args = ['batch', 'tiny', 's3://data/inbox/tiny/d.jsonl', '--distributed'];
    await handle(stepEvent('Plan', input));
    // One that is at work for as long as it may take.
    const definition = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: JSON.stringify(definition) }));
    const name = `tiny-${input.upload}-1`;
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
    );
    const cancelled = await command.run(...args, '--cancel');
    expect(cancelled).toEqual({ code: 0, out: `${name} is cancelled; the upload stays\n`, err: '' });
    const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect(status).toBe('ABORTED');
    expect(await allKeys(data, 'work/tiny/d.jsonl/')).toEqual([]);
    // A function that is still at work finds nothing to do.
    const chunk = { number: 0, start: { index: 0, offset: 0 }, end: 1 };
    expect(await handle(workEvents(input, [chunk])[0])).toEqual({ done: true });
    await expect(handle(stepEvent('Merge', input))).rejects.toThrow(/NOT_FOUND: the job was cancelled/);
  });
});

/** This interpreter knows no ItemBatcher: each chunk is a batch of its own, of the same shape. */
function withoutBatches(definition: typeof stateMachine) {
  const { ItemBatcher, ...map } = definition.States.Chunks;
  const ItemSelector = { BatchInput: ItemBatcher.BatchInput, 'Items.$': 'States.Array($$.Map.Item.Value)' };
  return { ...definition, States: { ...definition.States, Chunks: { ...map, ItemSelector } } };
}

/** As deployed, but what the children give back is kept instead of written to S3. */
function visible() {
  const definition = withoutBatches(stateMachine);
  const { ResultWriter: _, ...map } = definition.States.Chunks;
  const { Result: __, ...Whole } = map.ItemProcessor.States.Whole;
  const ItemProcessor = { ...map.ItemProcessor, States: { ...map.ItemProcessor.States, Whole } };
  return { ...definition, States: { ...definition.States, Chunks: { ...map, ItemProcessor } } };
}
