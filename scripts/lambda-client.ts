// Brings what runs a packaged function as AWS does: Node 24, the runtime that serverless.yml names, and AWS's own runtime
// interface client, whose native part is compiled here. Both go to .cache/lambda-client; installed.json is written last and
// names them, so a half-finished install is never taken for a whole one.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import process from 'node:process';

const folder = resolve('.cache/lambda-client');
const stampFile = join(folder, 'installed.json');
const logFile = join(folder, 'install.log');

// `node@24` only starts a second npm to fetch this package, the one for the platform; it also carries the headers for C++.
const nodePackage = `node-linux-${process.arch}`;
const versions = { [nodePackage]: '24.21.0', 'aws-lambda-ric': '4.0.2' };
const installed = {
  versions,
  node: `node_modules/${nodePackage}/bin/node`,
  client: 'node_modules/aws-lambda-ric/index.mjs',
};

/** Starts that Node with the compiled client: cheap, and true only if both are whole. */
function works(): boolean {
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp()) return false;
  const nativePart = join(folder, 'node_modules/aws-lambda-ric/rapid-client.node');
  const probe = `process.stdout.write(process.version + typeof require(${JSON.stringify(nativePart)}).next)`;
  const run = spawnSync(join(folder, installed.node), ['-e', probe], {
    env: { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9' }, // read when the native part loads; nothing is sent
    encoding: 'utf8',
    timeout: 20_000,
  });
  return run.stdout === `v${versions[nodePackage]}function` && existsSync(join(folder, installed.client));
}

function stamp(): string {
  return `${JSON.stringify(installed, null, 2)}\n`;
}

function missingTools(): string[] {
  const found = (name: string): boolean =>
    (process.env.PATH ?? '').split(delimiter).some((place) => existsSync(join(place, name)));
  const needed = [['cmake', 'cmake3'], ['make'], ['g++', 'c++'], ['python3'], ['tar'], ['xz']];
  return needed.filter((names) => !names.some(found)).map(([name]) => name ?? '');
}

/** Runs npm in the folder; its output goes to install.log, and the lines that tell the stage are shown with the time. */
function npm(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const flags = ['--save-exact', '--foreground-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // In a process group of its own, so that an interrupted install leaves no compiler behind that writes into the next one.
  const child = spawn('npm', ['install', ...flags, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const interrupted = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    fail('interrupted; the next run starts afresh');
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const started = Date.now();
  const report = (line: string): void => console.log(`  ${Math.round((Date.now() - started) / 1000)} s  ${line}`);
  const listen = (text: string): void => {
    appendFileSync(logFile, text);
    for (const line of text.split('\n')) if (/^Building .*\.\.\.$/.test(line)) report(line);
  };
  child.stdout.setEncoding('utf8').on('data', listen);
  child.stderr.setEncoding('utf8').on('data', listen);
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => {
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
      if (code === 0) done();
      else failed(new Error(`npm install ${args.join(' ')} failed`));
    });
  });
}

async function install(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const allowScripts = { 'aws-lambda-ric': true };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts }, null, 2));
  console.log(`lambda-client: Node ${versions[nodePackage]}`);
  await npm([`${nodePackage}@${versions[nodePackage]}`]);
  console.log(`lambda-client: aws-lambda-ric ${versions['aws-lambda-ric']} (compiles curl and a C++ client, minutes)`);
  await npm([`aws-lambda-ric@${versions['aws-lambda-ric']}`], {
    ...process.env,
    PATH: [join(folder, 'node_modules/.bin'), process.env.PATH].join(delimiter), // node-gyp runs on that Node
    npm_config_nodedir: join(folder, 'node_modules', nodePackage), // its headers, instead of a download
  });
  writeFileSync(stampFile, stamp());
}

function fail(message: string): never {
  console.error(`lambda-client: ${message}`);
  process.exit(1);
}

if (works()) {
  console.log(`lambda-client: already installed in ${folder}`);
} else {
  if (process.platform !== 'linux')
    fail('aws-lambda-ric builds on Linux only; run this in a Linux container or in CI.');
  const missing = missingTools();
  if (missing.length > 0) {
    fail(
      `${missing.join(', ')} missing, needed to compile aws-lambda-ric. On Debian or Ubuntu: ` +
        'apt-get install cmake g++ make python3 tar xz-utils',
    );
  }
  try {
    await install();
  } catch (error) {
    const tail = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n') : '';
    fail(`${error instanceof Error ? error.message : error}; the end of ${logFile}:\n${tail}`);
  }
  if (!works()) fail(`the install ended but the client does not start; see ${logFile}`);
  console.log(`lambda-client: installed in ${folder}`);
}
