import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { LambdaHandler } from '../lib/index.js';
import { greyPng } from './grey-png.js';
import type { LabelledImages } from './mnist.js';

export interface Evaluation {
  readonly images: number;
  readonly correct: number;
  readonly accuracy: number;
  /** `confusion[digit][answer]`: how many images of a digit got an answer. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Sends each image as a PNG to a digits handler, as API Gateway would, and counts the right answers.
 * @throws when an answer is not 200
 */
export async function evaluate(
  handler: LambdaHandler,
  { count, side, images, labels }: LabelledImages,
  onImage: (done: number) => void,
): Promise<Evaluation> {
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  const size = side * side;
  for (let index = 0; index < count; index++) {
    const data = images.subarray(index * size, (index + 1) * size);
    const png = greyPng(data, side);
    const { statusCode, body } = await handler(pngEvent(png), { getRemainingTimeInMillis: () => 29_000 } as Context);
    if (statusCode !== 200) throw new Error(`image ${index} got ${statusCode}: ${body}`);
    const row = confusion[labels[index] as number] as number[];
    const answer = Number((JSON.parse(body ?? '') as { label: string }).label);
    row[answer] = (row[answer] as number) + 1;
    onImage(index + 1);
  }
  const correct = confusion.reduce((sum, row, digit) => sum + (row[digit] as number), 0);
  return { images: count, correct, accuracy: correct / count, confusion };
}

/** The event of an HTTP API for `POST /models/digits`. */
function pngEvent(png: Uint8Array): APIGatewayProxyEventV2 {
  const rawPath = '/models/digits';
  const domainName = 'evaluation.example';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: '',
    headers: { host: domainName, 'content-type': 'image/png' },
    requestContext: {
      accountId: '',
      apiId: '',
      domainName,
      domainPrefix: '',
      http: { method: 'POST', path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'evaluation' },
      requestId: 'evaluation',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    body: Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64'),
    isBase64Encoded: true,
  };
}
