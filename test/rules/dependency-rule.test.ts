import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/**
 * Who may import whom: a layer only what stands after it. CONTRIBUTING.md draws the same picture.
 * The entries of a layer don't import each other.
 */
const layers: readonly (readonly string[])[] = [
  ['functions', 'lib/cli'],
  ['lib/dev'],
  ['lib/index.ts'],
  ['lib/serve-model.ts'],
  ['lib/serve-queue.ts', 'lib/serve-jobs.ts', 'lib/serve-distributed.ts'],
  ['lib/aws'],
  ['lib/protocol'],
  ['lib/jobs', 'lib/distributed'],
  ['lib/batch'],
  ['lib/service.ts'],
  ['lib/publishing', 'lib/version-lookup.ts'],
  ['lib/swap.ts'],
  ['lib/alias-watch.ts', 'lib/model-cache.ts', 'lib/startup.ts'],
  ['lib/registry', 'lib/runtime', 'lib/tasks', 'lib/importers', 'lib/serverless', 'lib/client'],
  ['lib/plans'],
  ['lib/kernels'],
  ['lib/core'],
];

/** Packages that only these places import as values (types may be named anywhere). */
const confined: readonly { readonly packages: RegExp; readonly places: RegExp }[] = [
  { packages: /^@tensorflow\//, places: /^(lib\/runtime|lib\/importers|training|bench)\// },
  { packages: /^@(aws-sdk|smithy)\//, places: /^lib\/(registry\/stores\/s3-|aws\/)/ },
  { packages: /^@aws-lambda-powertools\//, places: /^lib\/aws\// },
];

/** Composition roots, and where S3 is reached as the SDK would: the only places that read the environment. */
const environment =
  /^(lib\/serve-(model|queue|jobs|distributed)\.ts|lib\/cli\/|lib\/dev\/|lib\/runtime\/native-backend\.ts|lib\/registry\/stores\/s3-environment\.ts|scripts\/|training\/|bench\/)/;

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = ['functions', 'lib'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name)),
);
const imports = files.flatMap((file) => importsOf(file, readFileSync(file, 'utf8')));

function importsOf(file: string, source: string): Import[] {
  const found = source.matchAll(/(?:^|\n)(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'/g);
  return [...found].map(([, type, from, dynamic]) => ({
    file,
    target: (from ?? dynamic) as string,
    typeOnly: type !== undefined,
  }));
}

function layerOf(file: string): { rank: number; entry: string } {
  for (const [rank, entries] of layers.entries()) {
    const entry = entries.find((candidate) => file === candidate || file.startsWith(`${candidate}/`));
    if (entry !== undefined) return { rank, entry };
  }
  throw new Error(`${file} is in no layer: add its place to the picture, or move it`);
}

describe('the dependency rule', () => {
  test('every file has a place, and imports only to its right', () => {
    const wrong = imports
      .filter(({ target }) => target.startsWith('.'))
      .filter(({ file, target }) => {
        const from = layerOf(file);
        const to = layerOf(normalize(join(dirname(file), target.replace(/\.js$/, '.ts'))));
        return from.entry !== to.entry && from.rank >= to.rank;
      })
      .map(({ file, target }) => `${file} → ${target}`);
    expect(imports.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  test('packages stay where they belong', () => {
    const wrong = imports.filter(({ file, target, typeOnly }) =>
      confined.some(({ packages, places }) => !typeOnly && packages.test(target) && !places.test(file)),
    );
    expect(wrong).toEqual([]);
  });

  test('only composition roots read the environment', () => {
    const readers = files.filter((file) => readFileSync(file, 'utf8').includes('process.env'));
    expect(readers.filter((file) => !environment.test(file))).toEqual([]);
  });
});
