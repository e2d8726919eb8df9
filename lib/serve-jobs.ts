import { createJobs } from './jobs/jobs.js';
import { downloadLinkLife, type Links, uploadLinkLife } from './jobs/links.js';
import { localLinks } from './jobs/local-links.js';
import type { JobsDoor } from './protocol/jobs.js';
import { openStore } from './registry/stores/open-store.js';

/**
 * A model's jobs in the data store of MODELET_DATA (a folder or `s3://bucket/prefix`; default `./.modelet`). A module of its own:
 * other requests never read its code.
 */
export async function openJobs(model: string): Promise<JobsDoor> {
  const location = process.env.MODELET_DATA || './.modelet';
  const jobs = createJobs(model, await openStore(location));
  if (!location.startsWith('s3://')) return { jobs, linksFor: localLinks };
  const links = await bucketLinks(location);
  return { jobs, linksFor: () => links };
}

async function bucketLinks(location: string): Promise<Links> {
  const { s3Links } = await import('./registry/stores/s3-links.js');
  const presign = s3Links(location);
  return {
    upload: async (key, { bytes, contentType }) => {
      // An upload that comes twice is refused (412, PutObject's "If-None-Match"): the first is being worked on.
      const headers = { 'content-length': String(bytes), 'content-type': contentType, 'if-none-match': '*' };
      const url = await presign({ method: 'PUT', key, seconds: uploadLinkLife, headers });
      return { method: 'PUT', url, headers };
    },
    download: (key) => presign({ method: 'GET', key, seconds: downloadLinkLife, headers: {} }),
  };
}
