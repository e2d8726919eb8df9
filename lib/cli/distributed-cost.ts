import { awsPrices as prices } from './aws-prices.js';

/** What a function has by default: a whole vCPU. */
const functionGb = 1769 / 1024;
/** Start, Work, Worked, Whole. */
const transitionsPerInvocation = 4;

/** What a distributed batch has used. */
export interface Usage {
  readonly functionSeconds: number;
  readonly invocations: number;
  readonly chunks: number;
}

/** About what it costs, in dollars: compute, and for each invocation and chunk the requests to Lambda, Step Functions and S3. */
export function distributedDollars({ functionSeconds, invocations, chunks }: Usage): number {
  const { lambdaGbSecond, lambdaRequest, stateTransition, s3Get, s3Put } = prices;
  return (
    functionSeconds * functionGb * lambdaGbSecond +
    // Its start mark and its upload are looked at.
    invocations * (lambdaRequest + transitionsPerInvocation * stateTransition + 2 * s3Get) +
    // Its part is looked for, its records are read, its part is written, and its head and its rows are read by the merge.
    chunks * (s3Put + 4 * s3Get)
  );
}
