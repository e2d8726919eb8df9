import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(__dirname, '../..');

/** One model stands for all: the others' routes, roles and bundles are made by the same code. */
const onlyDigits = (yml: string): string => yml.replace(/^( {6}digits: \{\}\n)(?: {6}[a-z-]+: \{\}\n)+/m, '$1');

/**
 * A service folder of its own with this project's serverless.yml (its first model alone), functions and library, so that
 * packaging at the same time elsewhere does not meet in `.serverless`. The plugin is built from the sources of now, as `npm ci` builds it.
 *
 * @param edit changes serverless.yml
 */
export async function createService(edit: (yml: string) => string = (yml) => yml): Promise<string> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'modelet-service-')));
  cpSync(join(root, 'functions'), join(dir, 'functions'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(dir, 'package.json'));
  for (const name of ['lib', 'node_modules']) symlinkSync(join(root, name), join(dir, name));
  writeFileSync(join(dir, 'serverless.yml'), edit(onlyDigits(readFileSync(join(root, 'serverless.yml'), 'utf8'))));
  await build({
    entryPoints: [join(root, 'lib/serverless/plugin.ts')],
    outfile: join(dir, 'dist/lib/serverless/plugin.js'),
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  });
  return dir;
}

/**
 * Runs the real `npx sls package` in a service folder, without credentials.
 * @returns its exit code, what it printed, and the folder with the template and the zips
 */
export function slsPackage(dir: string): Promise<{ code: number; output: string; folder: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  const sls = join(root, 'node_modules/serverless/bin/serverless.js');
  const folder = join(dir, 'packaged');
  return new Promise((done) => {
    execFile(process.execPath, [sls, 'package', '--package', folder], { cwd: dir, env }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr, folder });
    });
  });
}
