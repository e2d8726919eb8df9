import { once } from '../../core/once.js';
import { checkKey } from './keys.js';
import { accessFromSdk } from './s3-client.js';
import { accessFromEnvironment } from './s3-environment.js';
import { parseLocation } from './s3-location.js';
import { s3Signer } from './s3-signer.js';
import { encodeKey, encodeQuery } from './uri-encode.js';

/** A request that whoever has its address may send to S3, for so many seconds. */
export interface PresignedRequest {
  readonly method: 'PUT' | 'GET';
  readonly key: string;
  readonly seconds: number;
  /**
   * Signed too, `content-length` among them: S3 makes the signature of what comes, so with other values it answers 403
   * SignatureDoesNotMatch ("Authenticating Requests: Using Query Parameters", X-Amz-SignedHeaders).
   */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs requests for objects below `s3://bucket/prefix` (Signature Version 4 in the query), with the rights of this process. With a
 * role's credentials an address ends with them, where that is sooner.
 * @returns the address
 */
export function s3Links(location: string): (request: PresignedRequest) => Promise<string> {
  const { bucket, prefix } = parseLocation(location);
  const access = once(async () => accessFromEnvironment(bucket) ?? (await accessFromSdk(bucket)));

  return async ({ method, key, seconds, headers }) => {
    const reach = await access();
    const { url } = reach;
    const path = url.pathname + encodeKey(prefix + checkKey(key));
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
    return url.origin + path + encodeQuery(query);
  };
}
