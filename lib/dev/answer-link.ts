import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ModeletError } from '../core/errors.js';
import type { ObjectStore } from '../core/object-store.js';
import { type LocalLink, localLinkPath, readLocalLink } from '../jobs/local-links.js';

export const isLink = (path: string): boolean => path.startsWith(localLinkPath);

/** S3's part on a laptop: takes the one upload, or gives the one object, that a signed address is for. */
export async function answerLink(data: ObjectStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const link = readLocalLink((request.url ?? '').slice(localLinkPath.length));
  if (link === undefined || link.method !== request.method) throw refused('the address is wrong or too old');
  if (link.method === 'GET') return send(data, link, response);
  const { bytes, contentType } = link.declared ?? {};
  const { 'content-length': length, 'content-type': type } = request.headers;
  if (Number(length) !== bytes || type !== contentType) {
    throw refused(`the address is for ${bytes} bytes of ${contentType}`);
  }
  const body = { bytes: bytes ?? 0, open: () => request as AsyncIterable<Uint8Array> };
  const etag = await data.put(link.key, body, { ifAbsent: true });
  response.writeHead(etag === undefined ? 412 : 200, etag === undefined ? {} : { etag }).end();
}

async function send(data: ObjectStore, { key }: LocalLink, response: ServerResponse): Promise<void> {
  const found = await data.read(key);
  if (found === undefined || found === 'changed') throw new ModeletError('NOT_FOUND', 'there is no such object');
  response.writeHead(200, { 'content-length': found.bytes, 'content-type': 'application/octet-stream' });
  await pipeline(found.body, response);
}

const refused = (why: string): ModeletError => new ModeletError('FORBIDDEN', `${why}; ask for the job again`);
