import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ListMapRunsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ModeletError } from '../core/errors.js';
import { asking } from './asking.js';

/** How far an execution is; `why` it ended where it did not succeed, as the function said it. */
export interface Execution {
  readonly status: string;
  readonly why: string;
}

/** What its map has counted: items are chunks, executions are invocations. */
export interface MapCounts {
  readonly started: Date;
  readonly chunks: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly invocations: number;
}

/** The executions of one state machine, by their names. */
export interface StepFunctions {
  /** @returns undefined where there was none of this name in the last 90 days */
  find(name: string): Promise<Execution | undefined>;
  /** @returns whether it is new */
  start(name: string, input: unknown): Promise<boolean>;
  stop(name: string): Promise<void>;
  /** @returns undefined before its map has begun */
  counts(name: string): Promise<MapCounts | undefined>;
  close(): void;
}

/**
 * Step Functions by the AWS SDK's standard configuration.
 * @throws NOT_FOUND where there is no such machine; each call throws MODEL_UNAVAILABLE
 */
export async function openStepFunctions(machine: string): Promise<StepFunctions> {
  const client = new SFNClient({});
  const machineArn = await asking('Step Functions', () => arnOf(client, machine));
  if (machineArn === undefined) {
    client.destroy();
    throw new ModeletError(
      'NOT_FOUND',
      `there is no state machine ${machine} in this region of the account; --stage names the deployment`,
    );
  }
  const executionArn = (name: string) => `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;

  return {
    find: (name) =>
      asking('Step Functions', async () => {
        try {
          const found = await client.send(new DescribeExecutionCommand({ executionArn: executionArn(name) }));
          const { status = 'RUNNING', error = '', cause = '' } = found;
          return { status, why: reasonOf(cause) ?? error };
        } catch (error) {
          if (error instanceof ExecutionDoesNotExist) return undefined;
          throw error;
        }
      }),
    start: (name, input) =>
      asking('Step Functions', async () => {
        try {
          const command = { stateMachineArn: machineArn, name, input: JSON.stringify(input) };
          await client.send(new StartExecutionCommand(command));
          return true;
        } catch (error) {
          if (error instanceof ExecutionAlreadyExists) return false;
          throw error;
        }
      }),
    stop: (name) =>
      asking('Step Functions', async () => {
        await client.send(new StopExecutionCommand({ executionArn: executionArn(name), error: 'Cancelled' }));
      }),
    counts: (name) =>
      asking('Step Functions', async () => {
        const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn: executionArn(name) }));
        const mapRunArn = mapRuns[0]?.mapRunArn;
        if (mapRunArn === undefined) return undefined;
        const { itemCounts, executionCounts, startDate } = await client.send(new DescribeMapRunCommand({ mapRunArn }));
        if (itemCounts === undefined || executionCounts === undefined) return undefined;
        const { total = 0, pending = 0, running = 0 } = executionCounts;
        const { failed = 0, aborted = 0, timedOut = 0 } = itemCounts;
        return {
          started: startDate ?? new Date(),
          chunks: itemCounts.total ?? 0,
          done: itemCounts.succeeded ?? 0,
          failed: failed + aborted + timedOut,
          running,
          invocations: total - pending,
        };
      }),
    close: () => client.destroy(),
  };
}

async function arnOf(client: SFNClient, name: string): Promise<string | undefined> {
  let nextToken: string | undefined;
  do {
    const page = await client.send(new ListStateMachinesCommand({ ...(nextToken !== undefined && { nextToken }) }));
    const found = page.stateMachines?.find((machine) => machine.name === name);
    if (found?.stateMachineArn !== undefined) return found.stateMachineArn;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return undefined;
}

/** The message of the error that a function threw. */
function reasonOf(cause: string): string | undefined {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : undefined;
  } catch {
    return undefined;
  }
}
