// Node 20 has no type stripping, so every TypeScript file becomes one JavaScript file under dist/ (same tree, not bundled).
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const folders = ['functions', 'lib', 'training', 'bench', 'scripts', 'test/support'];
const entryPoints = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file)),
);

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints,
  outdir: 'dist',
  outbase: '.',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
// Kernels are read from beside the code that loads them.
for (const file of readdirSync('lib/kernels')) {
  if (file.endsWith('.wasm')) copyFileSync(join('lib/kernels', file), join('dist/lib/kernels', file));
}
