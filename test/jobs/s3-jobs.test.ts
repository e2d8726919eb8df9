import { afterAll, beforeAll } from '@jest/globals';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';
import { jobsContract } from './jobs.contract.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;

describeWithS3('jobs in a bucket', () => {
  let server: S3Server;
  beforeAll(async () => {
    await publishTiny(registry);
    server = await startS3Server();
    await server.createBucket('data');
    Object.assign(process.env, server.env());
  });
  afterAll(() => server.stop());

  jobsContract(
    () => 's3://data/of/jobs',
    () => 'http://localhost',
  );
});
