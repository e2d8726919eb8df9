import { checkKey } from './keys.js';
import type { S3Access } from './s3-access.js';
import { accessFromSdk } from './s3-client.js';
import { accessFromEnvironment } from './s3-environment.js';
import { parseLocation } from './s3-location.js';
import { s3Signer } from './s3-signer.js';

/** A request that whoever has its address may send to S3, for so many seconds. */
export interface PresignedRequest {
  readonly method: 'PUT' | 'GET';
  readonly key: string;
  readonly seconds: number;
  /** Signed too: with other values S3 refuses the request. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs requests for objects below `s3://bucket/prefix` (Signature Version 4 in the query), with the rights of this process.
 * @returns the address
 */
export function s3Links(location: string): (request: PresignedRequest) => Promise<string> {
  const { bucket, prefix } = parseLocation(location);
  let reached: Promise<S3Access> | undefined;
  const access = async () => accessFromEnvironment(bucket) ?? (await accessFromSdk(bucket));

  return async ({ method, key, seconds, headers }) => {
    reached ??= access();
    const reach = await reached;
    const { url } = reach;
    const path = url.pathname + (prefix + checkKey(key)).split('/').map(encode).join('/');
    const unsigned = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port !== '' && { port: Number(url.port) }),
      path,
      query: {},
      // Goes into the query. Whoever signs does not know the body.
      headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
    };
    const names = new Set(['host', ...Object.keys(headers)]);
    const { query = {} } = await s3Signer(reach).presign(unsigned, {
      expiresIn: seconds,
      signableHeaders: names,
      unhoistableHeaders: names,
    });
    const search = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
    return `${url.origin}${path}?${search.join('&')}`;
  };
}

// RFC 3986, as Signature Version 4 wants it: encodeURIComponent leaves these five.
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
