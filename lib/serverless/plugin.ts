import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFunction } from './bundle.js';
import { type ModelConfig, readModels } from './config.js';
import type { Framework, FrameworkUtils } from './framework.js';
import { functionDefinitions } from './functions.js';
import { gatewayResponses } from './gateway-responses.js';
import { checkFunctionName, checkResourceCount } from './limits.js';
import { bucketId, catalogRole, modelRole, type Resource } from './roles.js';
import { zipFolder } from './zip-folder.js';

/**
 * Turns `custom.modelet.models` of serverless.yml into functions, routes, roles and zips. A class and the default export,
 * because that is what the framework loads.
 */
export default class ModeletPlugin {
  readonly hooks: Readonly<Record<string, () => void | Promise<void>>>;
  readonly #framework: Framework;
  readonly #log: FrameworkUtils['log'];
  readonly #models: readonly ModelConfig[];

  constructor(framework: Framework, _options: unknown, { log }: FrameworkUtils) {
    this.#framework = framework;
    this.#log = log;
    this.#models = this.#refusing(() => this.#configure());
    this.hooks = {
      'before:package:createDeploymentArtifacts': () => this.#bundle().catch((error) => this.#refuse(error)),
      'after:package:compileEvents': () => this.#addResources(),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.#refusing(() => this.#checkTemplate()),
      // The framework would look up the role of a function by a name that roles of ours don't have.
      'before:deploy:function:initialize': () =>
        this.#refuse(new Error('deploy the whole service instead: npx sls deploy')),
    };
  }

  get #keys(): string[] {
    return [...this.#models.map(({ name }) => name), 'catalog'];
  }

  get #resources(): Record<string, Resource> {
    return this.#framework.service.provider.compiledCloudFormationTemplate.Resources;
  }

  #entry(key: string): string {
    return join(this.#framework.serviceDir, 'functions', `${key}.ts`);
  }

  #roleId(key: string): string {
    return `${this.#framework.getProvider('aws').naming.getNormalizedFunctionName(key)}Role`;
  }

  #configure(): readonly ModelConfig[] {
    const { custom, functions = {} } = this.#framework.configurationInput;
    const models = readModels(custom?.modelet, (name) => existsSync(this.#entry(name)));
    const derived = functionDefinitions(models, (key) => this.#roleId(key));
    const twice = Object.keys(functions).find((key) => key in derived);
    if (twice) throw new Error(`functions.${twice} is also made from custom.modelet; rename or remove one of them`);
    this.#framework.extendConfiguration(['functions'], { ...functions, ...derived });
    return models;
  }

  async #bundle(): Promise<void> {
    const { serviceDir, service } = this.#framework;
    mkdirSync(join(serviceDir, '.serverless'), { recursive: true });
    for (const key of this.#keys) {
      const outdir = join(serviceDir, '.build', 'functions', key);
      await bundleFunction({ entry: this.#entry(key), outdir });
      const artifact = join(serviceDir, '.serverless', `${key}.zip`);
      writeFileSync(artifact, zipFolder(outdir));
      const definition = service.getFunction(key);
      definition.package = { ...definition.package, artifact };
    }
  }

  #addResources(): void {
    const { naming } = this.#framework.getProvider('aws');
    const models = this.#models.map(({ name }) => name);
    for (const model of models) {
      this.#resources[this.#roleId(model)] = modelRole(model, naming.getLogGroupLogicalId(model));
    }
    this.#resources[this.#roleId('catalog')] = catalogRole(models, naming.getLogGroupLogicalId('catalog'));
    const responses = gatewayResponses();
    Object.assign(this.#resources, responses);
    // A deployment is a snapshot of the API: gateway responses made after it would never be served.
    for (const resource of Object.values(this.#resources)) {
      if (resource.Type === 'AWS::ApiGateway::Deployment') {
        resource.DependsOn = [resource.DependsOn ?? [], Object.keys(responses)].flat();
      }
    }
  }

  #checkTemplate(): void {
    if (this.#resources[bucketId]?.Type !== 'AWS::S3::Bucket') {
      throw new Error(
        `resources.Resources.${bucketId} is missing from serverless.yml: the bucket that holds the models`,
      );
    }
    for (const key of this.#keys) checkFunctionName(this.#framework.service.getFunction(key).name);
    const warning = checkResourceCount(Object.keys(this.#resources).length, this.#models.length);
    if (warning) this.#log.warning(warning);
  }

  #refusing<T>(check: () => T): T {
    try {
      return check();
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): never {
    throw new this.#framework.classes.Error((error as Error).message, 'MODELET_REFUSED');
  }
}
