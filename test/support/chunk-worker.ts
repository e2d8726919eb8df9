// A process in a function's place: `node … REGISTRY DATA`. It takes an event of the state machine a line and says what came of
// it a line, with the most memory that it had so far (MiB).
import { createInterface } from 'node:readline';
import { createChunkHandler } from '../../lib/aws/chunk-handler.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { quiet, tensorService } from './tensor-service.js';

async function main([registry = '', location = '']: readonly string[]): Promise<void> {
  const service = await tensorService('tiny', createRegistry(await openStore(registry)));
  const handle = createChunkHandler(service, await openStore(location), quiet);
  const say = (line: object) =>
    process.stdout.write(`${JSON.stringify({ ...line, mostMiB: process.resourceUsage().maxRSS / 1024 })}\n`);
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    await handle(JSON.parse(line), () => 900_000).then(
      (answer) => say({ answer }),
      (error: Error) => say({ error: `${error.name}: ${error.message}` }),
    );
  }
}

void main(process.argv.slice(2));
