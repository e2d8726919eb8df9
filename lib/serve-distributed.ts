import { type ChunkHandler, createChunkHandler } from './aws/chunk-handler.js';
import { ModeletError } from './core/errors.js';
import type { Log } from './core/log.js';
import { openStore } from './registry/stores/open-store.js';
import type { Service } from './service.js';

/**
 * A model's steps of distributed batches, on the data store of MODELET_DATA (`s3://bucket/prefix`), which the plugin sets. A
 * module of its own: no other event reads its code.
 * @throws MODEL_UNAVAILABLE where it is not set
 */
export async function openChunkHandler(service: Service, log: Log): Promise<ChunkHandler> {
  const location = process.env.MODELET_DATA;
  if (location) return createChunkHandler(service, await openStore(location), log);
  throw new ModeletError(
    'MODEL_UNAVAILABLE',
    'MODELET_DATA is not set; deploy the function by its plugin, which sets it',
  );
}
