import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { examineCredentials, examineNode } from '../../lib/cli/examine-service.js';
import type { Registry } from '../../lib/registry/registry.js';
import { modeletCommand } from '../support/modelet-command.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

const command = modeletCommand();
const repository = process.cwd();
let folder: string;
let registry: Registry;

beforeEach(async () => {
  registry = temporaryRegistry();
  await publishTiny(registry, 'tiny');
  folder = mkdtempSync(join(tmpdir(), 'modelet-doctor-'));
  mkdirSync(join(folder, 'functions'));
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  process.chdir(folder);
  service('tiny: {}');
  served('tiny', 'tensor');
});
afterEach(() => {
  process.chdir(repository);
  rmSync(folder, { recursive: true });
});

const service = (models: string): void =>
  writeFileSync('serverless.yml', `service: mine\ncustom:\n  modelet:\n    models: { ${models} }\n`);
const served = (model: string, task: string): void =>
  writeFileSync(
    `functions/${model}.ts`,
    `import { serveModel, ${task} } from '../lib/index.js';\nexport const handler = serveModel('${model}', { tasks: [${task}] });\n`,
  );

interface Told {
  readonly code: number;
  readonly err: string;
  /** Of each subject the last: `failed: what; what to do`. */
  readonly of: Readonly<Record<string, string>>;
}

async function doctor(): Promise<Told> {
  const { code, out, err } = await command.run('doctor', '--json', '--registry', registry.store.location);
  const { findings } = JSON.parse(out) as {
    findings: { subject: string; state: string; message: string; todo?: string }[];
  };
  const of = Object.fromEntries(
    findings.map(({ subject, state, message, todo }) => [subject, `${state}: ${message}${todo ? `; ${todo}` : ''}`]),
  );
  return { code, err, of };
}

test('says of a service that can be deployed what it looked at', async () => {
  const { code, err, of } = await doctor();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(of.node).toMatch(/^ok: Node\.js \d+/);
  expect(of.framework).toMatch(/^ok: osls \d/);
  expect(of['serverless.yml']).toBe('ok: deploys tiny');
  expect(of.registry).toMatch(/^ok: .* has 1 model\(s\)$/);
});

test('tells for people line by line, and what to do beneath', async () => {
  service('tiny: {}, absent: {}');
  served('absent', 'tensor');
  const { code, out, err } = await command.run('doctor', '--registry', registry.store.location);
  expect(code).toBe(1);
  expect(out).toMatch(/^ok {7}tiny: version 1 answers its golden input within \S+ \(wasm\)$/m);
  expect(out).toMatch(/^failed {3}absent: .*\n {9}\S/m);
  expect(err.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^1 of \d checks failed$/),
    "mend what is marked 'failed', then run it again",
  ]);
});

test('a version without a plan for these kernels is a warning', async () => {
  const { code, of } = await doctor();
  expect(code).toBe(0);
  expect(of.tiny).toMatch(/^warning: has no plan for the kernels of this release.*; publish tiny again/);
});

test('weights that were damaged after they were published', async () => {
  const { files } = await registry.manifest('tiny', '1');
  for (const { name, bytes } of files) {
    writeFileSync(join(registry.store.location, 'tiny/versions/1', name), new Uint8Array(bytes));
  }
  const { code, of } = await doctor();
  expect(code).toBe(1);
  expect(of.tiny).toMatch(/^failed: .*(checksum|published)/);
});

test.each([
  [
    'memory',
    'tiny: { memory: 128 }',
    'tiny',
    /^failed: its weights need \d+ MB of memory, and it has 128; set custom\.modelet\.models\.tiny\.memory to \d+ or more$/,
  ],
  [
    'an entry without a file',
    'tiny: {}, other: {}',
    'serverless.yml',
    /^failed: .*functions\/other\.ts; .*npx modelet new other/,
  ],
  [
    'a setting that there is not',
    'tiny: { size: 1 }',
    'serverless.yml',
    /^failed: custom\.modelet\.models\.tiny\.size is not a setting/,
  ],
  ['no YAML', 'tiny: {', 'serverless.yml', /^failed: it is no YAML: /],
])('what would stop a deployment: %s', async (_, models, subject, told) => {
  service(models);
  const { code, of } = await doctor();
  expect(code).toBe(1);
  expect(of[subject]).toMatch(told);
});

test('a function that does not serve the task of its model', async () => {
  served('tiny', 'forecast');
  expect((await doctor()).of.tiny).toBe(
    'failed: version 1 has task tensor@1, which functions/tiny.ts does not serve; add tensor to its tasks',
  );
});

test('a folder without serverless.yml, a plugin that is not built, a registry without models', async () => {
  writeFileSync('serverless.yml', 'plugins:\n  - ./dist/lib/serverless/plugin.js\n');
  expect((await doctor()).of['serverless.yml']).toMatch(/plugin\.js is not there; npm run build$/);
  rmSync('serverless.yml');
  registry = temporaryRegistry();
  const { code, of } = await doctor();
  expect(code).toBe(1);
  expect(of['serverless.yml']).toBe('failed: there is none here; run it in the folder of the service');
  expect(of.registry).toMatch(/^failed: .* has no models; publish one/);
});

test.each([
  `custom:\n  modelet: { models: { tiny: { memory: "\${param:memory}" } } }\n`,
  `custom: "\${file(custom.yml)}"\n`,
])('what only the framework can resolve is a warning: %j', async (yaml) => {
  writeFileSync('serverless.yml', yaml);
  const { code, of } = await doctor();
  expect(code).toBe(0);
  expect(of['serverless.yml']).toMatch(/^warning: custom\.modelet has variables.*; npx sls package checks them$/);
});

test.each([
  ['20.18.9', 'failed'],
  ['18.20.0', 'failed'],
  ['20.19.0', 'ok'],
  ['24.0.1', 'ok'],
])('Node.js %s: %s', (version, state) => {
  expect(examineNode(version)).toMatchObject({ subject: 'node', state });
});

test('credentials are looked for where the SDK looks, and never told', () => {
  const nowhere = { AWS_SHARED_CREDENTIALS_FILE: '/nowhere/a', AWS_CONFIG_FILE: '/nowhere/b' };
  expect(examineCredentials(nowhere)).toMatchObject({ state: 'warning' });
  const inEnvironment = examineCredentials({
    ...nowhere,
    AWS_ACCESS_KEY_ID: 'AKIASECRET',
    AWS_SECRET_ACCESS_KEY: 'very-secret',
  });
  expect(inEnvironment).toMatchObject({ state: 'ok' });
  expect(JSON.stringify(inEnvironment)).not.toMatch(/SECRET|very/);
  writeFileSync('credentials', '');
  const inFile = examineCredentials({ ...nowhere, AWS_SHARED_CREDENTIALS_FILE: 'credentials', AWS_PROFILE: 'work' });
  expect(inFile).toMatchObject({ state: 'ok', message: 'profile work' });
});
