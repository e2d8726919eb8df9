/** Media types of a job's upload → the ending by which a batch reads it. Apart from job.ts: the API's description needs no more. */
export const jobMediaTypes: Readonly<Record<string, string>> = {
  'application/jsonl': 'jsonl',
  'application/x-ndjson': 'jsonl',
  'application/json': 'json',
  'text/csv': 'csv',
  'text/plain': 'txt',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'audio/wav': 'wav',
  'application/zip': 'zip',
  'application/x-tar': 'tar',
  'application/gzip': 'jsonl.gz',
};
