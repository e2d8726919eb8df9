import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFunction } from './bundle.js';
import { batchKey, type ModelConfig, readModels } from './config.js';
import { dataBucketId, dataBucketName, type InboxQueue, notifyingBucket } from './data-bucket.js';
import type { Framework, FrameworkUtils } from './framework.js';
import { functionDefinitions } from './functions.js';
import { gatewayResponses } from './gateway-responses.js';
import { checkBucketName, checkFunctionName, checkResourceCount } from './limits.js';
import { type QueueIds, queueIds, queueResources } from './queues.js';
import { batchRole, bucketId, catalogRole, modelRole, type Resource } from './roles.js';
import { stateMachineResources } from './state-machine-resources.js';
import { zipFolder } from './zip-folder.js';

/**
 * Turns `custom.modelet.models` of serverless.yml into functions, routes, queues, roles and zips. A class and the default export,
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
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        this.#refusing(() => {
          this.#checkBucket();
          this.#addQueues();
          this.#addStateMachine();
          this.#checkLimits();
        }),
      // The framework would look up the role of a function by a name that roles of ours don't have.
      'before:deploy:function:initialize': () =>
        this.#refuse(new Error('deploy the whole service instead: npx sls deploy')),
    };
  }

  /** Each has a file in functions/, and a zip. */
  get #entries(): string[] {
    return [...this.#models.map(({ name }) => name), 'catalog'];
  }

  get #resources(): Record<string, Resource> {
    return this.#framework.service.provider.compiledCloudFormationTemplate.Resources;
  }

  #entry(key: string): string {
    return join(this.#framework.serviceDir, 'functions', `${key}.ts`);
  }

  #normalized(key: string): string {
    return this.#framework.getProvider('aws').naming.getNormalizedFunctionName(key);
  }

  #roleId(key: string): string {
    return `${this.#normalized(key)}Role`;
  }

  #queueIds(model: string): QueueIds {
    return queueIds(model, (key) => this.#normalized(key));
  }

  #configure(): readonly ModelConfig[] {
    const { custom, functions = {} } = this.#framework.configurationInput;
    const models = readModels(custom?.modelet, (name) => existsSync(this.#entry(name)));
    const derived = functionDefinitions(
      models,
      (key) => this.#roleId(key),
      (model) => this.#queueIds(model),
    );
    const twice = Object.keys(functions).find((key) => key in derived);
    if (twice) throw new Error(`functions.${twice} is also made from custom.modelet; rename or remove one of them`);
    this.#framework.extendConfiguration(['functions'], { ...functions, ...derived });
    return models;
  }

  async #bundle(): Promise<void> {
    const { serviceDir, service } = this.#framework;
    mkdirSync(join(serviceDir, '.serverless'), { recursive: true });
    for (const key of this.#entries) {
      const outdir = join(serviceDir, '.build', 'functions', key);
      await bundleFunction({ entry: this.#entry(key), outdir });
      const artifact = join(serviceDir, '.serverless', `${key}.zip`);
      writeFileSync(artifact, zipFolder(outdir));
      for (const user of key === 'catalog' ? [key] : [key, batchKey(key)]) {
        const definition = service.getFunction(user);
        definition.package = { ...definition.package, artifact };
      }
    }
  }

  #addResources(): void {
    const { naming } = this.#framework.getProvider('aws');
    const models = this.#models.map(({ name }) => name);
    for (const model of models) {
      this.#resources[this.#roleId(model)] = modelRole(model, naming.getLogGroupLogicalId(model));
      const batch = batchKey(model);
      this.#resources[this.#roleId(batch)] = batchRole(
        model,
        naming.getLogGroupLogicalId(batch),
        this.#queueIds(model),
      );
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

  #checkBucket(): void {
    if (this.#resources[bucketId]?.Type === 'AWS::S3::Bucket') return;
    throw new Error(`resources.Resources.${bucketId} is missing from serverless.yml: the bucket that holds the models`);
  }

  #addQueues(): void {
    const bucketName = dataBucketName(this.#resources[dataBucketId]);
    checkBucketName(bucketName);
    const queues: readonly InboxQueue[] = this.#models.map(({ name: model }) => ({
      ...this.#queueIds(model),
      model,
      name: this.#framework.service.getFunction(batchKey(model)).name,
    }));
    for (const queue of queues) Object.assign(this.#resources, queueResources(queue, queue.name, bucketName));
    this.#change(dataBucketId, (bucket) => notifyingBucket(bucket, queues));
    for (const { name } of this.#models) {
      // Lambda ends what looks like an endless loop, a function that sends itself messages, after some 16 turns. That is how
      // a long upload is handed on; the handler counts the turns, and stops where one after the other does nothing.
      const id = `${this.#normalized(batchKey(name))}LambdaFunction`;
      this.#change(id, (lambda) => ({ ...lambda, Properties: { ...lambda.Properties, RecursiveLoop: 'Allow' } }));
    }
  }

  #addStateMachine(): void {
    const name = this.#framework.service.getFunction('catalog').name.replace(/catalog$/, 'distributed');
    const functions = this.#models.map((model) => `${this.#normalized(batchKey(model.name))}LambdaFunction`);
    Object.assign(this.#resources, stateMachineResources(name, functions));
  }

  #change(id: string, change: (resource: Resource) => Resource): void {
    const resource = this.#resources[id];
    if (resource === undefined)
      throw new Error(`the framework made no ${id}; modelet does not know this version of it`);
    this.#resources[id] = change(resource);
  }

  #checkLimits(): void {
    const keys = [...this.#entries, ...this.#models.map(({ name }) => batchKey(name))];
    for (const key of keys) checkFunctionName(this.#framework.service.getFunction(key).name);
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
