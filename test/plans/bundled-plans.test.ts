import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseManifest, planFiles } from '../../lib/core/manifest.js';
import { filesAtHand } from '../../lib/core/version-files.js';
import { makePlan } from '../../lib/runtime/make-plan.js';

const models = readdirSync('models', { withFileTypes: true }).filter((entry) => entry.isDirectory());

test.each(models.map(({ name }) => name))(
  'the plan of %s is what `npm run store-plans` would store now',
  async (model) => {
    const folder = join('models', model, 'versions/1');
    const { plan: stored, ...manifest } = parseManifest(readFileSync(join(folder, 'manifest.json')), folder);
    const files = new Map(manifest.files.map(({ name }) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
    const { plan, files: made } = await makePlan({ ...manifest, plan: stored }, filesAtHand(files));
    expect(plan).toEqual(stored);
    const read = (of: ReadonlyMap<string, Uint8Array>): unknown =>
      JSON.parse(Buffer.from(of.get(planFiles.graph) ?? []).toString());
    expect(read(made)).toEqual(read(files));
  },
);
