import { S3Client } from '@aws-sdk/client-s3';

// Per attempt, ms; the SDK makes three.
const connecting = 1000;
const silence = 5000;
export const firstByte = 3000;

/** SDK clients by its standard configuration, each made at the first use and kept. */
export interface S3Clients {
  /** For what is sent and received in one go: a silent socket is a stall. */
  whole(): Promise<S3Client>;
  /** For streams, which may well be silent while their other end is busy: who uses it watches them itself. */
  streaming(): Promise<S3Client>;
}

export function s3Clients(): S3Clients {
  const made = new Map<number, Promise<S3Client>>();
  const client = (socketTimeout: number) => {
    const found = made.get(socketTimeout) ?? connect(socketTimeout);
    made.set(socketTimeout, found);
    return found;
  };
  return { whole: () => client(silence), streaming: () => client(0) };
}

const nothing = () => undefined;
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

async function connect(socketTimeout: number): Promise<S3Client> {
  const client = new S3Client({
    requestHandler: { connectionTimeout: connecting, socketTimeout, throwOnRequestTimeout: true },
    // It would warn of each failed stream that it does not try again; who streams does.
    // The checksum of a stream would follow it in a chunked body, after which versitygw loses its place in the connection.
    ...(socketTimeout === 0 && { logger: silent, requestChecksumCalculation: 'WHEN_REQUIRED' }),
  });
  // An endpoint of one's own (AWS_ENDPOINT_URL_S3) seldom has a name for each bucket: `bucket.localhost`.
  const endpoint = await client.config.serviceConfiguredEndpoint?.();
  client.config.forcePathStyle = endpoint !== undefined;
  return client;
}
