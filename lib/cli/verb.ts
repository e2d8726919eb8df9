import type { ParseArgsConfig } from 'node:util';
import type { Registry } from '../registry/registry.js';

/** What every verb gets beside its own arguments. */
export interface VerbCall {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  /** The registry of `--registry`, MODELET_REGISTRY or ./models. */
  readonly registry: Registry;
  openRegistry(location: string): Promise<Registry>;
  /** The result: `value` as JSON with --json, else the text. */
  print(text: string, value: unknown): void;
  /** A progress bar on stderr, where that is a terminal; a note stands behind it. */
  progress(label: string, total: number): { update(done: number, note?: string): void; stop(): void };
}

export interface Verb {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Positional arguments; a last one that ends in `…` may be several, one in brackets may be left out. */
  readonly needs: readonly string[];
  /** Options that must be there… */
  readonly requires?: readonly string[];
  /** …but not where this one is. */
  readonly requiresUnless?: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** One line an option. */
  readonly help: readonly string[];
  run(call: VerbCall): Promise<void>;
}

/** `digits@3` → model and version; without `@` the version is undefined. */
export function parseModelRef(text: string): { model: string; version: string | undefined } {
  const at = text.indexOf('@');
  return at === -1 ? { model: text, version: undefined } : { model: text.slice(0, at), version: text.slice(at + 1) };
}
