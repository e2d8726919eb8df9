import { type BuildOptions, build, type Plugin, transform } from 'esbuild';

/** An ES module as esbuild split it off, and what it imports: at once, or on demand. */
export interface Chunk {
  readonly text: string;
  readonly imports: readonly { readonly name: string; readonly onDemand: boolean }[];
}

/**
 * CommonJS starts 4 ms faster than the same as ES modules, and does not load what a builtin has in getters: an `import` of
 * `node:http` evaluates all of undici, which takes 15 ms. In a bundle `import.meta.url` is the file itself.
 */
const commonJs = {
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  supported: { 'dynamic-import': false },
  banner: 'const modeletFileUrl=require("node:url").pathToFileURL(__filename).href;',
} as const;

/**
 * Chunks → files of CommonJS under the same names. Those that the entry imports at once are in its own file: each file more takes a
 * start longer, most of all on Lambda, whose disk is filled as it is read.
 */
export async function toCommonJs(chunks: ReadonlyMap<string, Chunk>, entry: string): Promise<Map<string, string>> {
  const atOnce = importedAtOnce(chunks, entry);
  const others = [...chunks].filter(([name]) => !atOnce.has(name));
  // What others share with the entry, under names by which they reach it.
  const shared = new Map<string, string>();
  for (const { name } of others.flatMap(([, { imports }]) => imports)) {
    if (atOnce.has(name) && !shared.has(name)) shared.set(name, `chunk${shared.size}`);
  }
  const files = new Map([[entry, await joined(chunks, entry, atOnce, shared)]]);
  for (const [name, { text }] of others) {
    const { code } = await transform(text, commonJs);
    files.set(
      name,
      code.replace(/require\("\.\/([^"]+)"\)/g, (found, path: string) =>
        shared.has(path) ? `require("./${entry}").${shared.get(path)}` : found,
      ),
    );
  }
  return files;
}

function importedAtOnce(chunks: ReadonlyMap<string, Chunk>, entry: string): ReadonlySet<string> {
  const found = new Set([entry]);
  // A set goes on to what is added while it is walked.
  for (const name of found) {
    for (const { name: next, onDemand } of chunks.get(name)?.imports ?? []) if (!onDemand) found.add(next);
  }
  return found;
}

async function joined(
  chunks: ReadonlyMap<string, Chunk>,
  entry: string,
  atOnce: ReadonlySet<string>,
  shared: ReadonlyMap<string, string>,
): Promise<string> {
  const exported = [...shared].map(([name, alias]) => `export * as ${alias} from './${name}';`);
  const { banner, ...format } = commonJs;
  const { outputFiles } = await build({
    ...format,
    banner: { js: banner },
    bundle: true,
    write: false,
    stdin: { contents: [`export * from './${entry}';`, ...exported].join('\n') },
    plugins: [only(chunks, atOnce)],
    logLevel: 'silent',
  } satisfies BuildOptions);
  return outputFiles[0]?.text ?? '';
}

/** Takes in those chunks and nothing else. */
const only = (chunks: ReadonlyMap<string, Chunk>, taken: ReadonlySet<string>): Plugin => ({
  name: 'only',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /./ }, ({ path }) => {
      const name = path.replace(/^\.\//, '');
      return taken.has(name) ? { path: name, namespace: 'chunk' } : { path, external: true };
    });
    onLoad({ filter: /./, namespace: 'chunk' }, ({ path }) => ({
      contents: chunks.get(path)?.text ?? '',
      loader: 'js',
    }));
  },
});
