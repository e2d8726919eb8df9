import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { objectStoreContract } from './object-store.contract.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const unavailable = (why: RegExp) => ({ code: 'MODEL_UNAVAILABLE', message: expect.stringMatching(why) });

// A process of its own that uses the store: `node other-process.mjs FOLDER MODE COUNT-OR-KEY`.
const otherProcess = `
  import { fileStore } from './lib/registry/stores/file-store.ts';
  const [folder, mode, what] = process.argv.slice(2);
  const store = fileStore(folder);
  const count = Number(what);
  if (mode === 'increment') {
    for (let done = 0; done < count; ) {
      const seen = await store.get('race/counter');
      const next = Buffer.from(String(Number(Buffer.from(seen.body).toString()) + 1));
      if ((await store.put('race/counter', next, { ifMatch: seen.etag })) !== undefined) done++;
    }
  } else if (mode === 'create') {
    let won = 0;
    for (let i = 0; i < count; i++) {
      if ((await store.put('race/' + i + '/a', Buffer.from('x'), { ifAbsent: true })) !== undefined) won++;
    }
    console.log(won);
  } else if (mode === 'churn') {
    for (let i = 0; i < count; i++) {
      await store.put('churn/deep/' + process.pid, Buffer.from('x'));
      await store.delete('churn/deep/' + process.pid);
    }
  } else {
    await store[mode](what, Buffer.from('x')).catch((error) => console.log(error.code, error.message));
  }
`;

describe('file store', () => {
  let temporary: string;
  let folder: string;
  let folders = 0;
  let program: string;

  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'modelet-files-'));
    await chmod(temporary, 0o755);
    program = join(temporary, 'other-process.mjs');
    await build({
      stdin: { contents: otherProcess, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile: program,
    });
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));
  beforeEach(() => {
    folder = join(temporary, `store-${++folders}`);
  });

  describe('contract', () => objectStoreContract(() => openStore(folder)));

  test('objects are plain files, and nothing else stays behind', async () => {
    const store = fileStore(folder);
    const etag = (await store.put('m/aliases/production.json', bytes('one'))) ?? '';
    await store.put('m/aliases/production.json', bytes('two'), { ifMatch: etag });
    await store.put('m/aliases/production.json', bytes('three'), { ifMatch: etag });
    await store.put('m/aliases/production.json', bytes('four'), { ifAbsent: true });
    await store.put('m/missing/a', bytes('five'), { ifMatch: etag });
    expect(await readdir(folder, { recursive: true })).toEqual(['m', 'm/aliases', 'm/aliases/production.json']);
    expect(await readFile(join(folder, 'm/aliases/production.json'), 'utf8')).toBe('two');
  });

  test('drafts and locks that a crash left behind are not listed', async () => {
    const store = fileStore(folder);
    await store.put('a/b', bytes('x'));
    await writeFile(join(folder, 'a/.modelet-0.draft'), 'half');
    expect(await store.list('a/')).toEqual(['b']);
  });

  test('a file whose name starts with a dot is no object', async () => {
    const store = fileStore(folder);
    const etag = (await store.put('inbox/digits/a', bytes('x'))) ?? '';
    await writeFile(join(folder, 'inbox/digits/.a.jsonl'), 'half');
    expect(await store.list('inbox/digits/')).toEqual(['a']);
    const key = 'inbox/digits/.a.jsonl';
    for (const read of [store.get(key), store.getUnless(etag, key), store.stat(key), store.read(key)]) {
      expect(await read).toBeUndefined();
    }
    await store.delete(key);
    await expect(store.put(key, bytes('x'))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await readFile(join(folder, key), 'utf8')).toBe('half');
  });

  test('a file that somebody writes into while it is read: never bytes of both', async () => {
    const store = fileStore(folder);
    await store.put('a', Buffer.alloc(2 ** 20, 1));
    const stream = await store.read('a');
    if (stream === undefined || stream === 'changed') throw new Error('no stream');
    const chunks = stream.body[Symbol.asyncIterator]();
    await chunks.next();
    await sleep(20);
    await writeFile(join(folder, 'a'), Buffer.alloc(2 ** 20, 2));
    await expect(chunks.next()).rejects.toMatchObject(unavailable(/changed while it was read/));
    expect(await store.read('a', { etag: stream.etag })).toBe('changed');
  });

  test('the etag of a large file follows its content, also long after it was written', async () => {
    const store = fileStore(folder);
    await store.put('a', Buffer.alloc(1000, 1));
    await sleep(100);
    const first = await store.stat('a');
    expect(await store.stat('a')).toEqual(first);
    await writeFile(join(folder, 'a'), Buffer.alloc(1000, 2));
    const second = await store.stat('a');
    expect(second?.etag).not.toBe(first?.etag);
    await writeFile(join(folder, 'a'), Buffer.alloc(1000, 1));
    expect((await store.stat('a'))?.etag).toBe(first?.etag);
  });

  describe('between processes', () => {
    const run = (...args: string[]) => promisify(execFile)(process.execPath, [program, folder, ...args]);

    test('8 processes add 200 each to one counter by ifMatch: nothing is lost', async () => {
      const store = fileStore(folder);
      await store.put('race/counter', bytes('0'));
      await Promise.all(Array.from({ length: 8 }, () => run('increment', '200')));
      expect(Buffer.from((await store.get('race/counter'))?.body ?? []).toString()).toBe('1600');
      expect(await readdir(join(folder, 'race'))).toEqual(['counter']);
    });

    test('4 processes create the same 100 objects: each has one creator', async () => {
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => run('create', '100')));
      expect(outcomes.reduce((sum, { stdout }) => sum + Number(stdout), 0)).toBe(100);
    });

    test('putting into a folder that others empty and remove', async () => {
      await Promise.all(Array.from({ length: 4 }, () => run('churn', '100')));
      expect(await fileStore(folder).list('')).toEqual([]);
    });

    test('the lock of a process that died is cleared away, that of a live one is not', async () => {
      const store = fileStore(folder);
      const etag = (await store.put('a', bytes('one'))) ?? '';
      const holder = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
      const lock = await lockAs(`${holder.pid} ${hostname()} x`);
      const waiting = store.put('a', bytes('two'), { ifMatch: etag });
      expect(await Promise.race([waiting, new Promise((done) => setTimeout(done, 300, 'waiting'))])).toBe('waiting');
      holder.kill('SIGKILL');
      expect(await waiting).toEqual(expect.any(String));
      expect(await readdir(folder)).toEqual(['a']);

      // Another machine's process can't be asked for; age tells.
      await lockAs('1 elsewhere x');
      await utimes(lock, new Date(), new Date(Date.now() - 31_000));
      expect(await store.put('a', bytes('three'))).toEqual(expect.any(String));
    });

    async function lockAs(owner: string): Promise<string> {
      const lock = join(folder, `.modelet-${createHash('sha256').update('a').digest('hex').slice(0, 16)}.lock`);
      await writeFile(lock, owner);
      return lock;
    }
  });

  describe('symbolic links', () => {
    test('one that leads out of the folder is not followed', async () => {
      const outside = join(temporary, `outside-${folders}`);
      await mkdir(outside);
      await writeFile(join(outside, 'secret'), 'secret');
      await mkdir(folder);
      await symlink(outside, join(folder, 'out'));
      await symlink(join(outside, 'secret'), join(folder, 'file'));
      const store = fileStore(folder);
      const refused = unavailable(/symbolic link leads out/);
      await expect(store.get('out/secret')).rejects.toMatchObject(refused);
      await expect(store.get('file')).rejects.toMatchObject(refused);
      await expect(store.list('out/')).rejects.toMatchObject(refused);
      await expect(store.put('out/new/a', bytes('x'))).rejects.toMatchObject(refused);
      await expect(store.delete('out/secret')).rejects.toMatchObject(refused);
      await store.put('file', bytes('inside'));
      expect(await readdir(outside)).toEqual(['secret']);
      expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
      expect(Buffer.from((await store.get('file'))?.body ?? []).toString()).toBe('inside');
    });

    test('the folder itself may be one, and those that stay inside are followed', async () => {
      await mkdir(join(folder, 'real/deep'), { recursive: true });
      await writeFile(join(folder, 'real/deep/a'), 'x');
      await symlink('real', join(folder, 'inner'));
      await symlink(folder, join(temporary, `link-${folders}`));
      const store = fileStore(join(temporary, `link-${folders}`));
      expect(await store.list('')).toEqual(['inner/', 'real/']);
      expect((await store.get('inner/deep/a'))?.body).toHaveLength(1);
    });
  });

  describe('what the file system refuses', () => {
    test('a location that is a file', async () => {
      await writeFile(folder, '');
      for (const work of [() => fileStore(folder).list(''), () => fileStore(folder).get('a')]) {
        await expect(work()).rejects.toMatchObject(unavailable(/is a file, not a folder/));
      }
    });

    test('a folder where the object would be, and an object where its folder would be', async () => {
      const store = fileStore(folder);
      await store.put('a/b', bytes('x'));
      const refused = unavailable(/a file and a folder would have the same name/);
      await expect(store.put('a', bytes('x'))).rejects.toMatchObject(refused);
      await expect(store.put('a', bytes('x'), { ifAbsent: true })).rejects.toMatchObject(refused);
      await expect(store.put('a/b/c', bytes('x'))).rejects.toMatchObject(refused);
      await store.delete('a');
      expect(await readdir(folder, { recursive: true })).toEqual(['a', 'a/b']);
    });

    // Root may do everything, so there the store runs as another user in a process of its own.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const attempt = (...args: string[]) => promisify(execFile)(process.execPath, [program, ...args], nobody);

    test('no permission', async () => {
      const store = fileStore(folder);
      await store.put('a', bytes('content'));
      await chmod(join(folder, 'a'), 0o000);
      await chmod(folder, 0o555);
      for (const action of ['get', 'put', 'delete']) {
        const { stdout } = await attempt(folder, action, 'a');
        expect(stdout).toMatch(
          /^MODEL_UNAVAILABLE can't (read|write|delete) "a" in .*: permission denied.*\(EACCES\)\n$/,
        );
      }
      await chmod(folder, 0o755);
    });

    const withMount = process.getuid?.() === 0 && process.platform === 'linux' ? test : test.skip;
    withMount('a full disk, and then room again', async () => {
      await mkdir(folder);
      await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
      try {
        const store = fileStore(folder);
        await store.put('a', Buffer.alloc(40_000));
        await expect(store.put('b', Buffer.alloc(40_000))).rejects.toMatchObject(unavailable(/no space left.*ENOSPC/));
        await expect(store.put('a', Buffer.alloc(40_000, 1))).rejects.toMatchObject(unavailable(/no space left/));
        expect(await readdir(folder)).toEqual(['a']);
        expect(Buffer.from((await store.get('a'))?.body ?? []).equals(Buffer.alloc(40_000))).toBe(true);
        await store.delete('a');
        await store.put('b', Buffer.alloc(40_000));
      } finally {
        await promisify(execFile)('umount', [folder]);
      }
    });
  });

  test('open-store refuses other schemes and nothing', async () => {
    for (const location of ['', 'gs://bucket', 'https://example.org/models']) {
      await expect(openStore(location)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    }
  });

  test('an S3 client is not loaded for a folder', async () => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL('../../lib/registry/stores/open-store.ts', import.meta.url))],
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      outdir: join(temporary, 'bundle'),
      metafile: true,
      logLevel: 'error',
    });
    const start = Object.entries(metafile.outputs).find(([name]) => name.endsWith('open-store.js'))?.[1];
    expect(Object.keys(start?.inputs ?? {}).some((name) => name.includes('@aws-sdk'))).toBe(false);
  });
});
