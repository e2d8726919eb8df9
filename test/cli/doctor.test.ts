import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createService } from '../serverless/package-service.js';

const modelet = resolve('bin/modelet.js');
const yml = readFileSync('serverless.yml', 'utf8');
let folder: string;
let registry: string;

beforeAll(async () => {
  folder = await createService();
});
beforeEach(() => {
  registry = mkdtempSync(join(tmpdir(), 'modelet-doctor-'));
  cpSync('models/digits', join(registry, 'digits'), { recursive: true });
  service('digits: {}');
  served('imageClassification');
});

const service = (models: string, edit = (text: string) => text): void =>
  writeFileSync(
    join(folder, 'serverless.yml'),
    edit(yml.replace(/models:\n(?: {6}[a-z-]+: \{\}\n)+/, `models: { ${models} }\n`)),
  );
const served = (task: string): void =>
  writeFileSync(
    join(folder, 'functions/digits.ts'),
    `import { serveModel, ${task} } from '../lib/index.js';
    // imageClassification is named here, and not served.
    export const handler = serveModel('digits', { tasks: [${task}] });\n`,
  );
const edit = (file: string, change: (json: Record<string, never>) => unknown): void => {
  const path = join(registry, 'digits', file);
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
};

interface Told {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], cwd = folder, env: Readonly<Record<string, string>> = {}): Promise<Told> {
  const bare = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const nowhere = {
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/a',
    AWS_CONFIG_FILE: '/nowhere/b',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const child = spawn(process.execPath, [modelet, 'doctor', '--registry', registry, ...args], {
    cwd,
    env: { ...Object.fromEntries(bare), ...nowhere, ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((done) => child.once('close', (code) => done({ code, out, err })));
}

/** What is said of one subject: `failed: why; what to do`, one line each. */
async function told(subject: string): Promise<{ code: number | null; said: string[] }> {
  const { code, out } = await run(['--json']);
  const { findings } = JSON.parse(out) as { findings: Record<'subject' | 'state' | 'message' | 'todo', string>[] };
  const of = findings.filter((finding) => finding.subject === subject);
  return { code, said: of.map(({ state, message, todo }) => `${state}: ${message}${todo ? `; ${todo}` : ''}`) };
}

test('a service that can be deployed: a line each, and what to do beneath a warning', async () => {
  const { code, out, err } = await run([]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.split('\n')).toEqual([
    'ok       package: the service deploys digits',
    'warning  credentials: the AWS SDK finds none: packaging works without, deploying does not',
    expect.stringMatching(/^ {9}\S/),
    'ok       digits: version 1 answers its golden input in 1769 MB',
    '',
  ]);
});

test('credentials are found where the SDK looks, and never told', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIASECRET', AWS_SECRET_ACCESS_KEY: 'very-secret' };
  const { out } = await run([], folder, keys);
  expect(out).toMatch(/^ok {7}credentials: the AWS SDK finds some$/m);
  expect(out).not.toMatch(/SECRET|very/);
});

test('a failure ends with 1, in two lines', async () => {
  rmSync(join(registry, 'digits'), { recursive: true });
  const { code, out, err } = await run([]);
  expect(code).toBe(1);
  expect(out).toMatch(/^failed {3}digits: there is no model 'digits' in the registry\n {9}\S/m);
  expect(err.split('\n')).toEqual(['1 of 3 checks failed', "mend what is marked 'failed', then run it again", '']);
});

describe('what packaging refuses', () => {
  test.each([
    ['a setting that there is not', 'digits: { size: 1 }', /custom\.modelet\.models\.digits\.size is not a setting/],
    [
      'a model without a function',
      'digits: {}, other: {}',
      /has no functions\/other\.ts; write it with: npx modelet new other/,
    ],
    ['no YAML', 'digits: {', /^failed: \S.*serverless\.yml/],
  ])('%s', async (_, models, why) => {
    service(models);
    expect(await told('package')).toEqual({ code: 1, said: [expect.stringMatching(why)] });
  });

  test.each([
    ['no plugin', (text: string) => text.replace(/plugins:\n.*\n/, ''), /does not have modelet's plugin.*; add /],
    ['a plugin that is not built', (text: string) => text.replace('plugin.js', 'absent.js'), /absent\.js/],
    ['no bucket for models', (text: string) => text.replace(' ModelsBucket:', ' Others:'), /ModelsBucket/],
  ])('%s', async (_, change, why) => {
    service('digits: {}', change);
    expect(await told('package')).toEqual({ code: 1, said: [expect.stringMatching(why)] });
  });

  test('no function for the catalog', async () => {
    rmSync(join(folder, 'functions/catalog.ts'));
    try {
      expect(await told('package')).toEqual({ code: 1, said: [expect.stringMatching(/functions\/catalog\.ts/)] });
    } finally {
      cpSync('functions/catalog.ts', join(folder, 'functions/catalog.ts'));
    }
  });

  test('a folder that is no service', async () => {
    const { code, out } = await run([], registry);
    expect(code).toBe(1);
    expect(out).toMatch(/^failed {3}package: the Serverless Framework is not installed here\n {9}npm ci$/m);
  });
});

test('what only the framework resolves: merge keys and variables', async () => {
  const said = ['ok: version 1 answers its golden input in 1024 MB'];
  service('digits: { <<: *small }', (text) => text.replace('custom:\n', 'custom:\n  small: &small { memory: 1024 }\n'));
  expect(await told('digits')).toEqual({ code: 0, said });
  writeFileSync(join(folder, 'models.yml'), 'digits: { memory: 1024 }\n');
  service('digits: {}', (text) => text.replace('{ digits: {} }', `$\{file(./models.yml)}`));
  expect(await told('digits')).toEqual({ code: 0, said });
});

describe('what a deployed function would answer', () => {
  test('a task that it does not serve', async () => {
    served('tensor');
    const { code, said } = await told('digits');
    expect({ code, said }).toEqual({
      code: 1,
      said: [expect.stringMatching(/^failed: .*image-classification@1, but this function knows only tensor@1/)],
    });
  });

  test('nothing, as it breaks at its start', async () => {
    writeFileSync(join(folder, 'functions/digits.ts'), "throw new TypeError('no such thing');");
    const said = ["failed: functions/digits.ts can't be run: TypeError: no such thing; mend it"];
    expect(await told('digits')).toEqual({ code: 1, said });
  });

  test('too little memory for its weights', async () => {
    service('digits: { memory: 128 }');
    expect(await told('digits')).toEqual({
      code: 1,
      said: [expect.stringMatching(/^failed: .* memory.*; give the function/)],
    });
  });

  test('damaged files', async () => {
    const version = join(registry, 'digits/versions/1');
    for (const name of readdirSync(version, { recursive: true, encoding: 'utf8' })) {
      const file = join(version, name);
      if (name === 'manifest.json' || statSync(file).isDirectory()) continue;
      writeFileSync(file, new Uint8Array(statSync(file).size));
    }
    expect(await told('digits')).toEqual({
      code: 1,
      said: [expect.stringMatching(/^failed: digits@1 is not ready: /)],
    });
  });

  test('a canary that is not there', async () => {
    edit('aliases/production.json', (alias) => ({ ...alias, canary: { version: '2', percent: 10 } }));
    expect(await told('digits')).toEqual({ code: 1, said: [expect.stringMatching(/^failed: .*no version '2'/)] });
  });

  test('a plan for other kernels is a warning', async () => {
    edit('versions/1/manifest.json', (manifest) => ({ ...manifest, plan: { kernels: 999 } }));
    expect(await told('digits')).toEqual({
      code: 0,
      said: [
        'ok: version 1 answers its golden input in 1769 MB',
        expect.stringMatching(
          /^warning: version 1 has no plan for the kernels of this release.*; publish digits again/,
        ),
      ],
    });
  });
});
