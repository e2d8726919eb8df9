import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { modeletCommand } from '../support/modelet-command.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishScaled } from '../support/tiny-model.js';

const command = modeletCommand();

/** Dates and checksums differ from run to run. */
const settled = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replace(/[0-9a-f]{64}/g, '…');

test('docs/versions.md shows what its commands print', async () => {
  const registry = temporaryRegistry();
  for (let count = 0; count < 3; count++) await publishScaled(registry, undefined, 'digits');
  const blocks = readFileSync('docs/versions.md', 'utf8').matchAll(/```console\n([\s\S]*?)```/g);
  const sessions = [...blocks].map(([, text = '']) => text).join('');
  const commands = sessions.split(/^\$ modelet /m).slice(1);
  expect(commands.length).toBeGreaterThan(9);
  for (const each of commands) {
    const [line = '', ...printed] = each.split('\n');
    const { out, err } = await command.run(...line.split(' '), '--registry', registry.store.location);
    expect(`${line}\n${settled(out + err)}`).toBe(`${line}\n${settled(printed.join('\n'))}`);
  }
});
