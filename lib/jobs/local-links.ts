import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Declared, downloadLinkLife, type Links, uploadLinkLife } from './links.js';

/** What a link of the local server allows, until `expires` (epoch, ms). */
export interface LocalLink {
  readonly method: 'PUT' | 'GET';
  readonly key: string;
  readonly expires: number;
  /** Of a PUT. */
  readonly declared?: Declared;
}

/** Links live as long as the process that made them. */
const secret = randomBytes(32);

export const localLinkPath = '/links/';

/** S3's presigned addresses on a laptop: the local server is the store. @param origin `http://localhost:3000` */
export function localLinks(origin: string): Links {
  const url = (link: LocalLink) => `${origin}${localLinkPath}${signed(link)}`;
  return {
    upload: async (key, declared) => ({
      method: 'PUT',
      url: url({ method: 'PUT', key, declared, expires: Date.now() + 1000 * uploadLinkLife }),
      headers: { 'content-type': declared.contentType, 'content-length': String(declared.bytes) },
    }),
    download: async (key) => url({ method: 'GET', key, expires: Date.now() + 1000 * downloadLinkLife }),
  };
}

/** What the end of a local link's path allows now; undefined for any that this process did not make, or that is too old. */
export function readLocalLink(token: string): LocalLink | undefined {
  const [payload = '', mac = ''] = token.split('.');
  const [given, right] = [Buffer.from(mac, 'base64url'), macOf(payload)];
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
  const link = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as LocalLink;
  return link.expires > Date.now() ? link : undefined;
}

function signed(link: LocalLink): string {
  const payload = Buffer.from(JSON.stringify(link)).toString('base64url');
  return `${payload}.${macOf(payload).toString('base64url')}`;
}

const macOf = (payload: string): Buffer => createHmac('sha256', secret).update(payload).digest();
