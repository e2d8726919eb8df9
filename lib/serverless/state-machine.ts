import { stepErrors } from '../core/step-errors.js';

/** Chunks that one invocation works on: of 1,000 records each, minutes of work beside a second of starting. */
const chunksPerInvocation = 10;

/** What an execution is started with (cli/distributed.ts). */
export interface DistributedInput {
  /** The batch function's name in AWS. */
  readonly function: string;
  /** Of the upload, below `inbox/<model>/`, and which upload of that key it is. */
  readonly key: string;
  readonly upload: string;
  /** Functions at the same time. */
  readonly concurrency: number;
  /** Percent of invocations that may fail at every try. */
  readonly tolerated: number;
}

/**
 * Killed, or the store does not answer: five tries in three minutes, spread. Poison is in the rows and never gets here. Waiting for
 * the account's concurrency is no failure of a chunk, and may take half an hour.
 */
const retry = [
  { ErrorEquals: [stepErrors.final], MaxAttempts: 0 },
  {
    ErrorEquals: ['Lambda.TooManyRequestsException'],
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    MaxAttempts: 60,
    JitterStrategy: 'FULL',
  },
  { ErrorEquals: ['States.ALL'], IntervalSeconds: 4, BackoffRate: 3, MaxAttempts: 4, JitterStrategy: 'FULL' },
];

/** A step of the model's batch function. @param at where the execution's input stands */
const step = (at: string, fields: Readonly<Record<string, unknown>>, result: string) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: {
    'FunctionName.$': `${at}.function`,
    Payload: { distributed: { ...fields, 'key.$': `${at}.key`, 'upload.$': `${at}.upload` } },
  },
  ResultSelector: { 'answer.$': '$.Payload' },
  ResultPath: result,
  Retry: retry,
});

const whereThereIs = (Variable: string, Next: string) => ({ Variable, IsPresent: true, Next });

/**
 * The state machine of distributed batches, one for all models (Amazon States Language, JSONPath). The function plans chunks,
 * works on them, and merges; by its answers' fields the machine chooses. `${DataBucket}` is substituted.
 */
export const stateMachine = {
  Comment: 'modelet: one upload on many functions, one result in its order (docs/batch.md)',
  StartAt: 'Plan',
  States: {
    Plan: { ...step('$', { step: 'plan' }, '$.plan'), Next: 'Planned' },
    Planned: {
      Type: 'Choice',
      Choices: [
        whereThereIs('$.plan.answer.unfinished', 'Plan'),
        whereThereIs('$.plan.answer.done', 'Done'),
        whereThereIs('$.plan.answer.list', 'Chunks'),
      ],
      Default: 'Merge', // no records
    },
    Chunks: {
      Type: 'Map',
      Label: 'chunks',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Parameters: { Bucket: `\${DataBucket}`, 'Key.$': '$.plan.answer.list' },
      },
      ItemBatcher: {
        MaxItemsPerBatch: chunksPerInvocation,
        BatchInput: { 'function.$': '$.function', 'key.$': '$.key', 'upload.$': '$.upload' },
      },
      MaxConcurrencyPath: '$.concurrency',
      ToleratedFailurePercentagePath: '$.tolerated',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Work',
        States: {
          Work: { ...step('$.BatchInput', { step: 'work', 'chunks.$': '$.Items' }, '$.work'), Next: 'Worked' },
          Worked: { Type: 'Choice', Choices: [whereThereIs('$.work.answer.unfinished', 'Work')], Default: 'Whole' },
          Whole: { Type: 'Pass', Result: {}, End: true },
        },
      },
      // Thousands of outcomes are more than a state may hold; and they say why a chunk failed.
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { Bucket: `\${DataBucket}`, 'Prefix.$': "States.Format('maps/{}', $.upload)" },
      },
      ResultPath: '$.map',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Explain' }],
      Next: 'Merge',
    },
    Merge: { ...step('$', { step: 'merge', tolerated: true }, '$.merged'), End: true },
    // The map says only that too much failed. Merging where nothing may be missing says what; or everything is there all the same.
    Explain: { ...step('$', { step: 'merge', tolerated: false }, '$.merged'), End: true },
    Done: { Type: 'Succeed' },
  },
};
