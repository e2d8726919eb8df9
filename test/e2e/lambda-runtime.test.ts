// The harness itself: a function of a few lines shows that the test server treats it as Lambda would.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { strToU8, zipSync } from 'fflate';
import { type Lambda, lambdaClientInstalled, startLambda } from '../support/lambda-runtime.js';
import { requirePart } from '../support/requires.js';

const source = `
let ticks = 0;
setInterval(() => { ticks += 1; }, 20);
let calls = 0;
exports.handler = async (event, context) => {
  calls += 1;
  if (event.crash) process.exit(3);
  if (event.sleepMs) await new Promise((done) => setTimeout(done, event.sleepMs));
  if (event.fail) throw new RangeError('as asked');
  if (event.bytes) return 'x'.repeat(event.bytes);
  console.log('call', calls);
  return { event, calls, ticks, node: process.version, variables: Object.keys(process.env).sort(),
    remainingMs: context.getRemainingTimeInMillis(), requestId: context.awsRequestId, pid: process.pid };
};
`;

interface Answer {
  event: unknown;
  calls: number;
  ticks: number;
  node: string;
  variables: string[];
  remainingMs: number;
  requestId: string;
}

requirePart(
  'aws-lambda-ric',
  lambdaClientInstalled,
  'npm run lambda-client',
)('the test server in the place of Lambda', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-harness-'));
  const zip = join(folder, 'function.zip');
  let lambda: Lambda;
  const invoke = async (event: object): Promise<Answer> => (await lambda.invoke(event)) as Answer;

  beforeAll(async () => {
    const broken = strToU8("throw new TypeError('no init'); exports.handler = async () => 1;");
    writeFileSync(zip, zipSync({ 'app/index.js': strToU8(source), 'app/broken.js': broken }));
    lambda = await startLambda({ zip, handler: 'app/index.handler', env: { GREETING: 'hello' } });
  });

  afterAll(async () => {
    await lambda?.stop();
    rmSync(folder, { recursive: true });
  });

  test('an event reaches the handler on Node 24, with the context and the environment that Lambda sets', async () => {
    const answer = await invoke({ text: 'grün' });
    expect(answer.event).toEqual({ text: 'grün' });
    expect(answer.node).toMatch(/^v24\./);
    expect(answer.variables).toEqual(
      expect.arrayContaining(['GREETING', 'AWS_LAMBDA_FUNCTION_NAME', 'LAMBDA_TASK_ROOT']),
    );
    expect(answer.variables).not.toContain('JEST_WORKER_ID');
    expect(answer.remainingMs).toBeGreaterThan(27_000);
    expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(lambda.logs()).toContain('call');
  });

  test('events are served one after the other by one process', async () => {
    const [first, second] = await Promise.all([invoke({}), invoke({})]);
    expect(second.calls).toBe(first.calls + 1);
    expect(lambda.starts()).toBe(1);
  });

  test('the process is frozen between events', async () => {
    const before = await invoke({});
    await new Promise((done) => setTimeout(done, 1000)); // 50 ticks, were it running
    expect((await invoke({})).ticks - before.ticks).toBeLessThan(25);
  });

  test('an error of the handler is the result of that event only', async () => {
    await expect(lambda.invoke({ fail: true })).rejects.toMatchObject({ errorType: 'RangeError', message: 'as asked' });
    await invoke({});
    expect(lambda.starts()).toBe(1);
  });

  test('a response over 6 MB and an event over 6 MB are refused, the process stays', async () => {
    await expect(lambda.invoke({ bytes: 6_300_000 })).rejects.toMatchObject({
      errorType: 'Function.ResponseSizeTooLarge',
    });
    expect(await lambda.invoke({ bytes: 6_200_000 })).toHaveLength(6_200_000);
    const event = { text: 'x'.repeat(6_300_000) };
    await expect(lambda.invoke(event)).rejects.toMatchObject({ errorType: 'RequestTooLargeException' });
    expect(lambda.starts()).toBe(1);
  });

  test('a process that crashes fails its event and is replaced at the next', async () => {
    const crash = lambda.invoke({ crash: true });
    await expect(crash).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
      message: expect.stringContaining('exit status 3'),
    });
    expect((await invoke({})).calls).toBe(1);
    expect(lambda.starts()).toBe(2);
  });

  test('an event that takes too long ends the process', async () => {
    const slow = lambda.invoke({ sleepMs: 5000 }, { timeoutMs: 300 });
    await expect(slow).rejects.toMatchObject({
      errorType: 'Sandbox.Timedout',
      message: expect.stringContaining('timed out after 0.30 seconds'),
    });
    expect((await invoke({})).calls).toBe(1);
  });

  test('a module that throws while it loads fails the init', async () => {
    const starting = startLambda({ zip, handler: 'app/broken.handler' });
    await expect(starting).rejects.toMatchObject({ errorType: 'TypeError', message: 'no init' });
  });
});
