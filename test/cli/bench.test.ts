import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { afterEach, expect, test } from '@jest/globals';
import { benches } from '../../bench/benches.js';
import { modeletCommand } from '../support/modelet-command.js';

const command = modeletCommand();
const repository = process.cwd();
afterEach(() => process.chdir(repository));

test('outside of a clone there are no benchmarks', async () => {
  process.chdir(tmpdir());
  const { code, out, err } = await command.run('bench', 'warm');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toBe('there are no benchmarks here\nrun it in a clone of modelet, after npm ci\n');
});

test('a name that none has gets the names that there are', () => {
  // Jest can't import what is built.
  const { status, stderr } = spawnSync(process.execPath, ['bin/modelet.js', 'bench', 'nonsense'], { encoding: 'utf8' });
  const names = benches.map(({ name }) => name).join(', ');
  expect({ status, stderr }).toEqual({ status: 1, stderr: `there is no benchmark 'nonsense'\nthere are ${names}\n` });
});
