/** Prices of AWS in dollars (us-east-1, arm64), for estimates: what `modelet batch --distributed` shows, and docs/batch.md. */
export const awsPrices = {
  asOf: '2025-06',
  /** https://aws.amazon.com/lambda/pricing/ */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.0000002,
  /** https://aws.amazon.com/s3/pricing/, a request */
  s3Put: 0.000005,
  s3Get: 0.0000004,
  /** https://aws.amazon.com/sqs/pricing/ */
  sqsRequest: 0.0000004,
  /** https://aws.amazon.com/step-functions/pricing/, of a Standard workflow */
  stateTransition: 0.000025,
} as const;
