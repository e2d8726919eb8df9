import type { Verb } from './verb.js';

export const list: Verb = {
  name: 'list',
  usage: 'modelet list',
  summary: 'models, their versions and aliases',
  needs: [],
  options: {},
  help: [],
  run: async ({ registry, print }) => {
    const models = await Promise.all(
      (await registry.models()).map(async (model) => {
        const [versions, aliases] = await Promise.all([registry.versions(model), registry.aliases(model)]);
        return {
          model,
          versions,
          aliases: Object.fromEntries([...aliases].map(([name, { version }]) => [name, version])),
        };
      }),
    );
    const rows = models.map(({ model, versions, aliases }) => {
      const named = Object.entries(aliases).map(([name, version]) => `${name} → ${version}`);
      return `${model.padEnd(24)} versions ${versions.join(', ') || 'none'}   ${named.join(', ')}`.trimEnd();
    });
    print(rows.join('\n') || `no models in ${registry.store.location}`, { models });
  },
};
