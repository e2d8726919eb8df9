import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LambdaHandler } from '../aws/lambda-handler.js';
import { createLocalServer } from '../dev/local-server.js';

export interface FunctionAnswer {
  readonly status: number;
  readonly body: string;
}

// A program: it runs a bundled function, sends its answers to GET requests for some paths to its parent, and ends.
const [folder = '', ...paths] = process.argv.slice(2);
const { handler } = (await import(pathToFileURL(join(folder, 'index.mjs')).href)) as { handler: LambdaHandler };
const server = createLocalServer({ handlerFor: async () => handler });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const answers: FunctionAnswer[] = [];
for (const path of paths) {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  answers.push({ status: response.status, body: await response.text() });
}
process.send?.(answers, () => process.exit());
