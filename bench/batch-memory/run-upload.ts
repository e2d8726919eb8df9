// A process of its own: runs one upload of a folder through the digits model, and prints a line of JSON each half second: bytes
// read, and megabytes of memory over what the process had with the model loaded and used.
import { readRecords } from '../../lib/batch/readers/read-records.js';
import { runBatch } from '../../lib/batch/run-batch.js';
import { startTimings } from '../../lib/core/timings.js';
import { imageClassification } from '../../lib/index.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openService } from '../../lib/serve-model.js';

const [folder = '', key = ''] = process.argv.slice(2);
process.env.POWERTOOLS_METRICS_DISABLED = 'true';
const { service, telemetry } = await openService('digits', [imageClassification]);
await service.ready(await service.describe({ alias: 'production' }), startTimings());
const before = process.memoryUsage.rss();
let read = 0;
const say = () => {
  const over = (process.memoryUsage.rss() - before) / 2 ** 20;
  process.stdout.write(`${JSON.stringify({ read, over: Number(over.toFixed(1)) })}\n`);
};
const timer = setInterval(say, 500);
const outcome = await runBatch({
  service,
  data: fileStore(folder),
  read: readRecords,
  key,
  remainingMs: () => Number.POSITIVE_INFINITY,
  log: telemetry.log,
  onProgress: ({ bytes }) => {
    read = bytes;
  },
});
clearInterval(timer);
say();
if (outcome.state !== 'done' || outcome.summary.failed > 0) throw new Error('the batch went wrong');
