import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Access } from './s3-access.js';

// Per attempt, ms; the SDK makes three.
const connecting = 1000;
const silence = 5000;

/** The SDK's commands, and a client by its standard configuration to send them with. */
export interface Sdk {
  readonly commands: typeof import('./s3-sdk.js');
  readonly client: S3Client;
}

/** For puts in one go: a silent socket is a stall. Their time depends on their size, so there is no other limit. */
export const wholeSdk = (): Promise<Sdk> => connect(silence);

/** For streams, which may well be silent while their source is busy: who streams watches them. */
export const streamingSdk = (): Promise<Sdk> => connect(0);

async function connect(socketTimeout: number): Promise<Sdk> {
  const commands = await import('./s3-sdk.js');
  const client = new commands.S3Client({
    requestHandler: { connectionTimeout: connecting, socketTimeout, throwOnRequestTimeout: true },
    // It would warn of each failed stream that it does not try again; who streams does.
    // The checksum of a stream would follow it in a chunked body, after which versitygw loses its place in the connection.
    ...(socketTimeout === 0 && { logger: silent, requestChecksumCalculation: 'WHEN_REQUIRED' }),
  });
  client.config.forcePathStyle = (await client.config.serviceConfiguredEndpoint?.()) !== undefined;
  return { commands, client };
}

const nothing = () => undefined;
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The SDK's standard configuration: its credential chain, its files, its endpoint rules. Throws where it finds no region. */
export async function accessFromSdk(bucket: string): Promise<S3Access> {
  const { config } = (await connect(silence)).client;
  const endpoint: unknown = await config.serviceConfiguredEndpoint?.();
  const region = await config.region();
  const { url, properties } = config.endpointProvider({
    Bucket: bucket,
    Region: region,
    UseFIPS: await config.useFipsEndpoint(),
    UseDualStack: await config.useDualstackEndpoint(),
    ForcePathStyle: endpoint !== undefined,
    ...(typeof endpoint === 'string' && { Endpoint: endpoint }),
  });
  const [scheme] = (properties?.authSchemes ?? []) as { name?: string; signingName?: string; signingRegion?: string }[];
  if (scheme?.name !== 'sigv4' || scheme.signingName !== 's3') {
    throw new Error(
      `a bucket that is reached by ${scheme?.signingName} with ${scheme?.name} is not supported; use a general purpose bucket`,
    );
  }
  return {
    url: new URL(`${url.href.replace(/\/+$/, '')}/`),
    region: scheme.signingRegion ?? region,
    credentials: () => config.credentials(),
  };
}
