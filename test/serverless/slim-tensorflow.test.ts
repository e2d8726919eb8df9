// A function's bundle keeps what few models need of TF.js in a chunk of its own. Others never read it; those still work.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { bundleFunction } from '../../lib/serverless/bundle.js';
import { rareCategories, rareKernels } from '../../lib/serverless/slim-tensorflow.js';
import { restEvent } from '../support/api-events.js';
import { publishSmall } from '../support/small-models.js';

const root = resolve(__dirname, '../..');

describe('a bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-slim-'));
  const outdir = join(folder, 'out');
  const registry = join(folder, 'models');

  beforeAll(async () => {
    for (const name of ['pair', 'enlarged'] as const) await publishSmall(createRegistry(fileStore(registry)), name);
    const handlers = ['pair', 'enlarged'].map(
      (name) => `export const ${name} = serveModel('${name}', { tasks: [tensor] });`,
    );
    const text = `import { serveModel, tensor } from '${root}/lib/index.js';\n${handlers.join('\n')}`;
    writeFileSync(join(folder, 'functions.ts'), text);
    await bundleFunction({ entry: join(folder, 'functions.ts'), outdir });
  });

  type Question = readonly [model: string, body: object];

  interface Last {
    readonly answer: { readonly statusCode: number; readonly body: string };
    /** Files of the bundle that have been read. */
    readonly read: readonly string[];
    readonly undici: boolean;
  }

  /** Starts a process with the bundle and asks its handlers, one after the other. */
  function askWith(own: Readonly<Record<string, string>>, ...questions: readonly Question[]): Last {
    const calls = questions.map(([model, body]) => {
      const headers = { 'content-type': 'application/json' };
      return [model, restEvent({ method: 'POST', target: `/models/${model}`, headers, body: JSON.stringify(body) })];
    });
    const script = `(async () => {
      const handlers = require(${JSON.stringify(join(outdir, 'function.cjs'))});
      let answer;
      for (const [model, event] of JSON.parse(process.argv[1])) {
        answer = await handlers[model](event, { getRemainingTimeInMillis: () => 29000 });
      }
      const read = Object.keys(require.cache).map((file) => require('path').basename(file));
      const undici = process.moduleLoadList.some((name) => name.includes('undici'));
      require('fs').writeFileSync(1, JSON.stringify({ answer, read, undici }));
      process.exit();
    })()`;
    const env = { PATH: process.env.PATH, MODELET_REGISTRY: registry, POWERTOOLS_DEV: 'true', ...own };
    const output = execFileSync(process.execPath, ['-e', script, JSON.stringify(calls)], { encoding: 'utf8', env });
    return JSON.parse(output.split('\n').find((line) => line.startsWith('{"answer"')) ?? output);
  }

  const pair = ['pair', { instances: [{ a: [1, 2], n: [300] }] }] as const;
  const enlarged = ['enlarged', { instances: [{ grid: [[[5], [-6]]] }] }] as const;

  const chunks = ['rare-ops', 's3-store', 'tensorflow-backend', 'cpu-backend', 'saved-model-runner'];
  const withoutPlans = { MODELET_PLANS: 'off' };

  test.each([
    ['by a plan: without TF.js and its kernels', {}, [...chunks, 'tfjs-engine', 'start-wasm'], 260_000],
    ['by TF.js: without its chunks of rare ops, S3 and other backends', withoutPlans, chunks, 640_000],
  ])('answers %s', (_, env, unread, most) => {
    const { answer, read, undici } = askWith(env, pair);
    expect([answer.statusCode, JSON.parse(answer.body)]).toMatchObject([
      200,
      { predictions: [{ outputs: { sum: [301, 302], capped: [100] } }] },
    ]);
    // Node.js' fetch, Request and Headers take 15 ms to load.
    expect(undici).toBe(false);
    const files = readdirSync(outdir);
    for (const chunk of unread) {
      expect(files.filter((name) => name.startsWith(`${chunk}-`))).toHaveLength(1);
      expect(read.filter((name) => name.startsWith(`${chunk}-`))).toEqual([]);
    }
    // What a start reads is what it takes; the bundle was 1.3 MB in one piece.
    const bytes = read.filter((name) => files.includes(name)).map((name) => statSync(join(outdir, name)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(most);
  });

  test.each([
    ['first', [enlarged]],
    ['once the backend is there', [pair, enlarged]],
  ])('answers with a rare op, asked for it %s; its kernel is repaired as the others are', (_, questions) => {
    const { answer, read } = askWith(withoutPlans, ...questions);
    const row = [[5], [5], [-6], [-6]];
    expect([answer.statusCode, JSON.parse(answer.body)]).toMatchObject([
      200,
      { predictions: [{ outputs: { large: [row, row] } }] },
    ]);
    expect(read.filter((name) => name.startsWith('rare-ops-'))).toHaveLength(1);
  });

  test("answers with V8's code cache (Node.js from 22.1 on), and with one that does not fit", () => {
    const cache = join(folder, 'cache');
    const predictions = [{ outputs: { sum: [301, 302], capped: [100] } }];
    for (const fits of [true, true, false]) {
      const files = existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : [];
      for (const name of fits ? [] : files.filter((file) => statSync(join(cache, file)).isFile())) {
        writeFileSync(join(cache, name), Buffer.alloc(5000, 7));
      }
      const { answer } = askWith({ NODE_COMPILE_CACHE: cache }, pair);
      expect([answer.statusCode, JSON.parse(answer.body)]).toMatchObject([200, { predictions }]);
    }
  });
});

test('no op outside the rare categories reaches a kernel that only the chunk has', () => {
  const require = createRequire(join(root, 'package.json'));
  const folderOf = (name: string) => dirname(require.resolve(`@tensorflow/${name}/package.json`));
  const read = (path: string) => readFileSync(path, 'utf8').replace(/\/\/# sourceMappingURL.*/, '');
  const ops = join(folderOf('tfjs-core'), 'dist/ops');
  const executors = join(folderOf('tfjs-converter'), 'dist/operations/executors');
  const imports = (path: string) => [...read(path).matchAll(/^(?:import|export) (.*) from '(.*)';$/gm)];

  const exported = new Map(
    imports(join(ops, 'ops.js')).map(([, names = '', from = '']) => [
      /\w+/.exec(names)?.[0] ?? '',
      join(ops, `${from}.js`),
    ]),
  );
  const groups = { fused: ['fused/conv2d', 'fused/depthwise_conv2d', 'fused/mat_mul'], linalg: ['linalg/band_part'] };
  const grouped = (name: string) => groups[name as keyof typeof groups]?.map((file) => join(ops, `${file}.js`));

  const seen = new Set<string>();
  const kernels = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, names = '', from = ''] of imports(path)) {
      if (from.endsWith('/kernel_names')) for (const [name] of names.matchAll(/\w+/g)) kernels.add(name.toLowerCase());
      else if (from.startsWith('.') && !/(engine|tensor|util\w*)$/.test(from)) visit(join(dirname(path), `${from}.js`));
    }
  };
  const categories = readdirSync(executors).filter((name) => /^\w+_executor\.js$/.test(name));
  const common = categories.filter((name) => !rareCategories.includes(name.replace('_executor.js', '')));
  for (const name of common) {
    for (const [, op = ''] of read(join(executors, name)).matchAll(/\bops\.(\w+)/g)) {
      for (const path of grouped(op) ?? [exported.get(op)]) if (path !== undefined) visit(path);
    }
  }
  expect(common.length).toBe(categories.length - rareCategories.length);
  expect(kernels.size).toBeGreaterThan(90);
  expect(rareKernels.filter((name) => kernels.has(name.toLowerCase()))).toEqual([]);
});
