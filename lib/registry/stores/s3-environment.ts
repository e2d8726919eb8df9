import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { S3Access } from './s3-access.js';

/** Settings of the SDK that are left to the SDK, with the defaults of AWS' configuration file. */
const leftToSdk = [
  'AWS_PROFILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
] as const;

/**
 * What the environment says, where that is all there is to know, as in Lambda: keys, region, perhaps an endpoint. Undefined where
 * the SDK has to find out (profiles, a configuration file, roles without keys in the environment; access points, S3 Express,
 * partitions with names of their own), which costs a start its loading.
 */
export function accessFromEnvironment(bucket: string): S3Access | undefined {
  const { env } = process;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region } = env;
  if (!accessKeyId || !secretAccessKey || !region) return undefined;
  if (leftToSdk.some((name) => env[name]) || hasConfigurationFile(env.AWS_CONFIG_FILE)) return undefined;
  const url = bucketUrl(bucket, region, env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL);
  if (url === undefined) return undefined;
  const sessionToken = env.AWS_SESSION_TOKEN;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  return { url, region, credentials: async () => keys };
}

function hasConfigurationFile(file = join(homedir(), '.aws/config')): boolean {
  return existsSync(file);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
function bucketUrl(bucket: string, region: string, endpoint: string | undefined): URL | undefined {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || /--(x-s3|op-s3|ol-s3)$/.test(bucket)) return undefined;
  // An endpoint of one's own seldom has a name for each bucket: `bucket.localhost`.
  if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/+$/, '')}/${bucket}/`);
  if (!/^(af|ap|ca|cn|eu|il|me|mx|sa|us)-[a-z]+-\d$|^us-gov-[a-z]+-\d$/.test(region)) return undefined;
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  // TLS' wildcard certificate covers one level of names.
  return new URL(bucket.includes('.') ? `https://${host}/${bucket}/` : `https://${bucket}.${host}/`);
}
