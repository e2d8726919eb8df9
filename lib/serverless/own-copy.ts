import { build, type Plugin } from 'esbuild';

/**
 * Gives a module its own copy of the packages it uses. esbuild splits code by who imports a file, not by what they use of it: a
 * module that is read at every start and shares files with one that seldom is would take all that the other uses along.
 */
export const ownCopy = (module: RegExp): Plugin => ({
  name: 'own-copy',
  setup: ({ onLoad }) => {
    onLoad({ filter: module }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        bundle: true,
        platform: 'node',
        format: 'esm',
        mainFields: ['module', 'main'],
        write: false,
      });
      return { contents: outputFiles[0]?.text ?? '', loader: 'js' };
    });
  },
});
