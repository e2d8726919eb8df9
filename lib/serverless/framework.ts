import type { FunctionDefinition } from './functions.js';
import type { Resource } from './roles.js';

/** The part of the framework's plugin API that the plugin uses. */
export interface Framework {
  readonly serviceDir: string;
  readonly configurationInput: {
    readonly custom?: { readonly modelet?: unknown };
    readonly functions?: Readonly<Record<string, FunctionDefinition>>;
  };
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: { readonly Resources: Record<string, Resource> } };
    /** `name` is the function's name in AWS: service, stage and key. */
    getFunction(key: string): { readonly name: string; package?: { artifact?: string } };
  };
  /** Its error class: printed as one line, where any other error is printed as a crash with a stack trace. */
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  getProvider(name: 'aws'): {
    readonly naming: { getNormalizedFunctionName(key: string): string; getLogGroupLogicalId(key: string): string };
  };
  extendConfiguration(path: string[], value: unknown): void;
}

export interface FrameworkUtils {
  readonly log: { warning(line: string): void };
}
