import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { requirePart } from '../support/requires.js';
import { createService, slsPackage } from './package-service.js';
import { readTemplate, resources, roleStatements, routes, type Template } from './template.js';

const root = resolve(__dirname, '../..');
const twoModels = (yml: string): string => yml.replace('digits: {}', 'digits: {}\n      digits-too: {}');

let folder: string;
let template: Template;
let withAnother: Template;
const services: string[] = [];

beforeAll(async () => {
  const [one, two] = [await createService(), await createService(twoModels)];
  services.push(one, two);
  copyFileSync(join(two, 'functions/digits.ts'), join(two, 'functions/digits-too.ts'));
  const [first, second] = [await slsPackage(one), await slsPackage(two)];
  expect([first.code, second.code, first.code === 0 ? '' : first.output]).toEqual([0, 0, '']);
  folder = first.folder;
  template = readTemplate(folder);
  withAnother = readTemplate(second.folder);
});

afterAll(() => {
  for (const dir of services) rmSync(dir, { recursive: true, force: true });
});

describe('API', () => {
  test('every path part is text or one {parameter}, never both: API Gateway refuses a mix', () => {
    const parts = resources(template, 'ApiGateway::Resource').map(([, { PathPart }]) => String(PathPart));
    expect(parts.length).toBeGreaterThan(10);
    expect(parts.filter((part) => !/^(?:[a-zA-Z0-9._:-]+|\{[a-zA-Z0-9._-]+\+?\})$/.test(part))).toEqual([]);
  });

  test("has the contract's routes; only the index and health are open", () => {
    expect(routes(template)).toEqual([
      'ANY / → Catalog',
      'ANY /models/digits → Digits',
      'ANY /models/digits/{proxy+} → Digits',
      'ANY /v1/models/digits → Digits',
      'ANY /v1/models/digits/{proxy+} → Digits',
      'ANY /v1/models/digits:classify → Digits',
      'ANY /v1/models/digits:predict → Digits',
      'ANY /v2/health/{proxy+} → Catalog open',
      'ANY /v2/models/digits → Digits',
      'ANY /v2/models/digits/{proxy+} → Digits',
      'ANY /{proxy+} → Catalog',
      'GET / → Catalog open',
    ]);
  });

  test('bodies of every type are binary, so that images and tensors arrive unharmed', () => {
    expect(resources(template, 'ApiGateway::RestApi')[0]?.[1].BinaryMediaTypes).toEqual(['*/*']);
  });

  test("the deployment waits for the gateway's own answers, else it would be a snapshot without them", () => {
    const responses = resources(template, 'ApiGateway::GatewayResponse').map(([id]) => id);
    const [[id] = ['']] = resources(template, 'ApiGateway::Deployment');
    expect(responses.length).toBeGreaterThanOrEqual(10);
    expect(template.Resources[id]?.DependsOn).toEqual(expect.arrayContaining(responses));
  });

  test('an API key belongs to a usage plan with a throttle and a quota', () => {
    const [[, plan] = []] = resources(template, 'ApiGateway::UsagePlan');
    expect(plan).toMatchObject({
      Quota: { Limit: 100_000, Period: 'DAY' },
      Throttle: { RateLimit: 50, BurstLimit: 100 },
    });
    expect(resources(template, 'ApiGateway::ApiKey')).toHaveLength(1);
    expect(resources(template, 'ApiGateway::UsagePlanKey')).toHaveLength(1);
  });
});

describe('functions', () => {
  test('run on nodejs24.x and arm64: 29 s behind the API, 15 minutes behind a queue', () => {
    const functions = resources(template, 'Lambda::Function');
    expect(functions.map(([id, { Timeout }]) => [id, Timeout]).sort()).toEqual([
      ['CatalogLambdaFunction', 29],
      ['DigitsDashbatchLambdaFunction', 900],
      ['DigitsLambdaFunction', 29],
    ]);
    for (const [, properties] of functions) {
      expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
    }
  });

  test('get their environment; only the batch function is told of queues', () => {
    const environment = (id: string) => template.Resources[id]?.Properties.Environment;
    const MODELET_REGISTRY = { 'Fn::Sub': `s3://\${ModelsBucket}/registry` };
    const MODELET_DATA = { 'Fn::Sub': `s3://\${DataBucket}` };
    expect(environment('DigitsLambdaFunction')).toEqual({
      Variables: { MODELET_REGISTRY, MODELET_DATA, MODELET_BACKEND: 'wasm' },
    });
    expect(environment('CatalogLambdaFunction')).toEqual({ Variables: { MODELET_REGISTRY, MODELET_MODELS: 'digits' } });
    expect(environment('DigitsDashbatchLambdaFunction')).toEqual({
      Variables: {
        MODELET_REGISTRY,
        MODELET_BACKEND: 'wasm',
        MODELET_DATA,
        MODELET_QUEUE_URL: { Ref: 'DigitsDashbatchQueue' },
        MODELET_DEAD_LETTER_URL: { Ref: 'DigitsDashbatchQueueDead' },
        MODELET_QUEUE_RECEIVES: '5',
      },
    });
  });

  test('each has a role of its own, without wildcards and without access to the whole bucket', () => {
    const roles = resources(template, 'Lambda::Function').map(
      ([, { Role }]) => (Role as { 'Fn::Sub': string })['Fn::Sub'],
    );
    expect(roles.sort()).toEqual([`\${CatalogRole.Arn}`, `\${DigitsDashbatchRole.Arn}`, `\${DigitsRole.Arn}`]);
    // The state machine's role has a test of its own (state-machine.test.ts).
    const ofFunctions = roleStatements(template).filter(([id]) => id !== 'ModeletStateMachineRole');
    const statements = ofFunctions.flatMap(([, all]) => all);
    expect(statements).toHaveLength(6 + 3 + 8);
    for (const { Effect, Action, Resource, Condition } of statements) {
      expect(Effect).toBe('Allow');
      expect(JSON.stringify(Action)).not.toContain('*');
      for (const resource of [Resource].flat()) {
        expect(JSON.stringify(resource)).toMatch(
          /^\{"Fn::GetAtt":\["(?:(?:Digits|DigitsDashbatch|Catalog)LogGroup|(?:Models|Data)Bucket|DigitsDashbatchQueue(?:Dead)?)","Arn"\]\}$|^\{"Fn::Sub":"\$\{(?:ModelsBucket\.Arn\}\/registry|DataBucket\.Arn\}\/[a-z]+)\/digits\//,
        );
      }
      if (/"(?:Models|Data)Bucket","Arn"/.test(JSON.stringify(Resource))) {
        expect(Action).toEqual(['s3:ListBucket']);
        expect(JSON.stringify(Condition)).toMatch(
          /^\{"StringLike":\{"s3:prefix":\[("[a-z]+\/digits\/(?:jobs\/)?\*",?)+\]\}\}$/,
        );
      }
    }
  });

  test('the function behind the API may nothing with queues, and of the data only with its jobs', () => {
    const [, statements] = roleStatements(template).find(([id]) => id === 'DigitsRole') ?? [];
    expect(JSON.stringify(statements)).toContain('ModelsBucket');
    expect(JSON.stringify(statements)).not.toMatch(/sqs:/);
    const ofData = JSON.stringify(statements).matchAll(/DataBucket\.Arn\}\/([^"]+)"/g);
    expect(
      [...ofData].map(([, path]) => path).filter((path) => !/^jobs\/digits\/|\/jobs\/\*$/.test(path ?? '')),
    ).toEqual([]);
  });

  test('logs go after 30 days', () => {
    const groups = resources(template, 'Logs::LogGroup').map(([, properties]) => properties);
    expect(groups).toEqual([
      { LogGroupName: '/aws/lambda/modelet-dev-digits', RetentionInDays: 30 },
      { LogGroupName: '/aws/lambda/modelet-dev-digits-batch', RetentionInDays: 30 },
      { LogGroupName: '/aws/lambda/modelet-dev-catalog', RetentionInDays: 30 },
    ]);
  });
});

test('the models bucket is encrypted, versioned, private, and outlives the stack', () => {
  expect(template.Resources.ModelsBucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  expect(template.Resources.ModelsBucket?.Properties).toEqual({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    VersioningConfiguration: { Status: 'Enabled' },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  });
});

test.each(['Models', 'Data'])('the %s bucket takes requests over TLS only', (name) => {
  expect(template.Resources[`${name}BucketPolicy`]?.Properties.PolicyDocument).toMatchObject({
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [{ 'Fn::GetAtt': [`${name}Bucket`, 'Arn'] }, { 'Fn::Sub': `\${${name}Bucket.Arn}/*` }],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
});

test('the API address and the buckets are outputs', () => {
  expect(Object.keys(template.Outputs)).toEqual(
    expect.arrayContaining(['ServiceEndpoint', 'ModelsBucketName', 'DataBucketName']),
  );
});

describe('zips', () => {
  const zip = (name: string) => unzipSync(new Uint8Array(readFileSync(join(folder, `${name}.zip`))));

  test('are at most 5 MB', () => {
    for (const name of ['digits', 'catalog'])
      expect(statSync(join(folder, `${name}.zip`)).size).toBeLessThan(5_000_000);
  });

  test('hold the bundle with its chunks and, for a model, the kernels and the wasm engine; nothing else', () => {
    const others = (name: string) => Object.keys(zip(name)).filter((file) => !/^[\w-]+-[A-Z0-9]{8}\.cjs$/.test(file));
    const kernels = readdirSync('lib/kernels').filter((file) => file.endsWith('.wasm'));
    const engines = [...kernels, 'tfjs-backend-wasm-simd.wasm'];
    expect(others('digits').sort()).toEqual(['function.cjs', 'index.mjs', ...engines].sort());
    expect(others('catalog').sort()).toEqual(['function.cjs', 'index.mjs']);
  });

  test('engine and decoders are in a model and not in the catalog, which only names them', () => {
    const found = (name: string) => {
      const code = Object.entries(zip(name)).map(([file, bytes]) => (file.endsWith('.cjs') ? Buffer.from(bytes) : ''));
      // TF.js, jpeg-js, pngjs: what only their code says.
      return ['tfjs', 'SOI not found', 'IHDR'].filter((text) => code.join('\n').includes(text));
    };
    expect([found('digits').length, found('catalog')]).toEqual([3, []]);
  });

  test.each(['digits', 'catalog'])('%s exports a handler', (name) => {
    const dir = mkdtempSync(join(tmpdir(), 'modelet-zip-'));
    mkdirSync(dir, { recursive: true });
    for (const [file, bytes] of Object.entries(zip(name))) writeFileSync(join(dir, file), bytes);
    const script = `import(${JSON.stringify(join(dir, 'index.mjs'))}).then(({ handler }) => process.stdout.write(typeof handler))`;
    expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('function');
    rmSync(dir, { recursive: true });
  });
});

describe('a further model', () => {
  test('costs one line, and as many resources as docs/deploying.md says', () => {
    const fixed = Object.keys(template.Resources).length;
    const perModel = Object.keys(withAnother.Resources).length - fixed;
    const docs = readFileSync(join(root, 'docs/deploying.md'), 'utf8');
    expect(docs).toContain(`**${perModel} resources** a model beside ${fixed - perModel} for all`);
    expect(docs).toContain(`${Math.floor((500 - (fixed - perModel)) / perModel)} models`);
  });

  test('gets its own functions, roles, queues and routes', () => {
    const own = Object.keys(withAnother.Resources).filter((id) => id.startsWith('DigitsDashtoo'));
    expect(own).toEqual(
      expect.arrayContaining([
        'DigitsDashtooLambdaFunction',
        'DigitsDashtooRole',
        'DigitsDashtooLogGroup',
        'DigitsDashtooDashbatchLambdaFunction',
        'DigitsDashtooDashbatchRole',
        'DigitsDashtooDashbatchQueue',
        'DigitsDashtooDashbatchQueueDead',
      ]),
    );
    expect(routes(withAnother).filter((route) => route.endsWith('→ DigitsDashtoo'))).toHaveLength(8);
  });
});

test('serverless.yml is at most 150 lines', () => {
  expect(readFileSync(join(root, 'serverless.yml'), 'utf8').split('\n').length).toBeLessThanOrEqual(150);
});

describe('what is wrong is refused in one line', () => {
  test.each([
    ['digits: {}', 'nope: {}', /custom\.modelet\.models\.nope has no functions\/nope\.ts/],
    ['DataBucket:', 'OtherBucket:', /resources\.Resources\.DataBucket is missing from serverless\.yml/],
    ['ModelsBucket:', 'OtherBucket:', /resources\.Resources\.ModelsBucket is missing from serverless\.yml/],
    [
      'resources:',
      'functions: { digits: { handler: a.b } }\nresources:',
      /functions\.digits is also made from custom\.modelet/,
    ],
  ])('%s → %s', async (from, to, line) => {
    const dir = await createService((yml) => yml.replace(from, to));
    services.push(dir);
    const { code, output } = await slsPackage(dir);
    expect(code).toBe(1);
    expect(output).toMatch(line);
    expect(output).not.toMatch(/^\s+at /m);
  });
});

const cfnLint = spawnSync('cfn-lint', ['--version']).status === 0;
requirePart(
  'cfn-lint',
  cfnLint,
  'pip install cfn-lint==1.58.0',
)('cfn-lint', () => {
  test('finds nothing in the template', () => {
    const file = join(folder, 'cloudformation-template-update-stack.json');
    const { status, stdout } = spawnSync('cfn-lint', [file], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
