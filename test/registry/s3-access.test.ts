import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { accessFromSdk } from '../../lib/registry/stores/s3-client.js';
import { accessFromEnvironment } from '../../lib/registry/stores/s3-environment.js';
import { s3Links } from '../../lib/registry/stores/s3-links.js';

const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' };

describe('how a bucket is reached', () => {
  const environment = { ...process.env };
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modelet-aws-'));
  });
  afterEach(() => {
    process.env = { ...environment };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Nothing of AWS but this, and no files. */
  function only(variables: Record<string, string>) {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    const files = { AWS_CONFIG_FILE: join(folder, 'none'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none') };
    Object.assign(process.env, files, variables);
  }

  test.each([
    ['models', {}, 'https://models.s3.eu-central-1.amazonaws.com/'],
    ['models', { AWS_REGION: 'us-east-1' }, 'https://models.s3.us-east-1.amazonaws.com/'],
    ['models', { AWS_REGION: 'cn-north-1' }, 'https://models.s3.cn-north-1.amazonaws.com.cn/'],
    ['models', { AWS_REGION: 'us-gov-west-1' }, 'https://models.s3.us-gov-west-1.amazonaws.com/'],
    ['models', { AWS_REGION: 'ap-southeast-4' }, 'https://models.s3.ap-southeast-4.amazonaws.com/'],
    ['my.models', {}, 'https://s3.eu-central-1.amazonaws.com/my.models/'],
    ['models', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9000/models/'],
    ['my.models', { AWS_ENDPOINT_URL_S3: 'http://minio:9000/' }, 'http://minio:9000/my.models/'],
    [
      'models',
      { AWS_ENDPOINT_URL_S3: 'https://a.example/s3', AWS_ENDPOINT_URL: 'http://b' },
      'https://a.example/s3/models/',
    ],
  ])('%s with %j, by the environment and by the SDK', async (bucket, variables, url) => {
    only({ ...keys, AWS_SESSION_TOKEN: 'token', ...variables });
    for (const access of [accessFromEnvironment(bucket), await accessFromSdk(bucket)]) {
      expect(access?.url.href).toBe(url);
      expect(access?.region).toBe(process.env.AWS_REGION);
      const credentials = { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' };
      expect(await access?.credentials()).toMatchObject(credentials);
    }
  });

  test.each<[string, Record<string, string>, string?]>([
    ['no keys', { AWS_ACCESS_KEY_ID: '' }],
    ['no region', { AWS_REGION: '' }],
    ['a profile', { AWS_PROFILE: 'work' }],
    ['endpoints with other rules', { AWS_USE_FIPS_ENDPOINT: 'true' }],
    ['a partition with names of its own', { AWS_REGION: 'us-iso-east-1' }],
    ['S3 Express', {}, 'models--euc1-az1--x-s3'],
    ['an access point', {}, 'arn:aws:s3:eu-central-1:123456789012:accesspoint:models'],
  ])('is left to the SDK: %s', (_, variables, bucket = 'models') => {
    only({ ...keys, ...variables });
    expect(accessFromEnvironment(bucket)).toBeUndefined();
  });

  test('a configuration file is left to the SDK, which follows it', async () => {
    const [config, credentials] = [join(folder, 'config'), join(folder, 'credentials')];
    await writeFile(config, '[profile work]\nregion = eu-west-3\nendpoint_url = http://127.0.0.1:9001\n');
    await writeFile(credentials, '[work]\naws_access_key_id = other\naws_secret_access_key = secret\n');
    only({ ...keys, AWS_CONFIG_FILE: config });
    expect(accessFromEnvironment('models')).toBeUndefined();
    only({ AWS_PROFILE: 'work', AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials });
    const access = await accessFromSdk('models');
    expect(access).toMatchObject({ region: 'eu-west-3', url: new URL('http://127.0.0.1:9001/models/') });
    expect(await access.credentials()).toMatchObject({ accessKeyId: 'other' });
  });

  test('an access point by its ARN, as the SDK reaches it', async () => {
    only(keys);
    const { url, region } = await accessFromSdk('arn:aws:s3:eu-central-1:123456789012:accesspoint:models');
    expect(url.href).toBe('https://models-123456789012.s3-accesspoint.eu-central-1.amazonaws.com/');
    expect(region).toBe('eu-central-1');
  });

  test('S3 Express is refused', async () => {
    only(keys);
    await expect(accessFromSdk('models--euc1-az1--x-s3')).rejects.toThrow(/not supported/);
  });

  test('addresses are signed again as soon as the environment is mended', async () => {
    const sign = s3Links('s3://models/of');
    const request = { method: 'GET', key: "a b/it's (1).png", seconds: 60, headers: {} } as const;
    only({ ...keys, AWS_REGION: '', AWS_EC2_METADATA_DISABLED: 'true' });
    await expect(sign(request)).rejects.toThrow(/[Rr]egion/);
    only(keys);
    expect(await sign(request)).toMatch(
      /^https:\/\/models\.s3\.eu-central-1\.amazonaws\.com\/of\/a%20b\/it%27s%20%281%29\.png\?.*X-Amz-Signature=/,
    );
  });
});
