import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ModeletError } from '../core/errors.js';
import { type ModelConfig, readModels } from '../serverless/config.js';
import { type Finding, failedBy } from './finding.js';

/** What packaging said, and the models that the service deploys; none where it can't be packaged. */
export interface PackagedService {
  readonly finding: Finding;
  readonly models: readonly ModelConfig[];
}

const subject = 'package';

/** Packages the service of this folder: whatever its configuration, only the framework knows what comes of it. */
export async function packageService(): Promise<PackagedService> {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-doctor-'));
  try {
    await slsPackage(folder);
    const { service } = JSON.parse(readFileSync(join(folder, 'serverless-state.json'), 'utf8')) as State;
    if (service.functions?.catalog === undefined) {
      const todo = 'add ./dist/lib/serverless/plugin.js to plugins';
      throw new ModeletError(
        'INVALID_INPUT',
        `serverless.yml does not have modelet's plugin, so no model would be deployed; ${todo}`,
      );
    }
    // What the plugin has taken.
    const models = readModels(service.custom?.modelet, () => true);
    const names = models.map(({ name }) => name).join(', ');
    return { finding: { subject, state: 'ok', message: `the service deploys ${names}` }, models };
  } catch (error) {
    return { finding: failedBy(subject, error), models: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface State {
  readonly service: {
    readonly custom?: { readonly modelet?: unknown };
    readonly functions?: Readonly<Record<string, unknown>>;
  };
}

/** @throws INVALID_INPUT with the framework's own words */
function slsPackage(folder: string): Promise<void> {
  return new Promise((done, fail) => {
    const sls = frameworkFile();
    execFile(process.execPath, [sls, 'package', '--package', folder], (error, stdout, stderr) => {
      if (error === null) return done();
      const [, said = ''] = `${stdout}\n${stderr}`.split(/^Error:\s*$/m);
      const message = said.trim().replace(/\s*\n\s*/g, ' ');
      fail(new ModeletError('INVALID_INPUT', message || `npx sls package ended with ${error.code}; run it to see why`));
    });
  });
}

/** Where `npx sls` would find it. @throws INVALID_REQUEST */
function frameworkFile(): string {
  try {
    return createRequire(resolve('package.json')).resolve('serverless/bin/serverless.js');
  } catch (cause) {
    throw new ModeletError('INVALID_REQUEST', 'the Serverless Framework is not installed here; npm ci', { cause });
  }
}
