import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { S3Access } from './s3-access.js';

/** The SDK's signer (Signature Version 4), hashing by Node. */
export function s3Signer({ region, credentials }: S3Access): SignatureV4 {
  // S3 alone among AWS' services does not escape the path a second time.
  return new SignatureV4({ service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false });
}

type Source = string | ArrayBuffer | ArrayBufferView;

class Sha256 {
  #hash: Hash | Hmac;

  constructor(private readonly secret?: Source) {
    this.#hash = start(secret);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = start(this.secret);
  }
}

function start(secret: Source | undefined): Hash | Hmac {
  if (secret === undefined) return createHash('sha256');
  if (typeof secret === 'string') return createHmac('sha256', secret);
  const bytes = ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
  return createHmac('sha256', bytes);
}
