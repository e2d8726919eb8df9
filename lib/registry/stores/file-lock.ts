import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const patience = 10_000; // ms
// A lock is held for the milliseconds of a compare and a rename. One this old was left behind, even if its process id lives on.
const abandonedAfter = 30_000; // ms

/**
 * Does the work while no other process holds the lock file. The lock of a process that died is cleared away.
 * Throws after 10 s of waiting, and ENOENT when the lock's folder is gone.
 */
export async function withFileLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + patience;
  while (!(await take(lock))) {
    if (Date.now() > giveUpAt) throw new Error(`still locked by another process; if none is running, delete ${lock}`);
    if (await isAbandoned(lock)) await clear(lock);
    else await sleep(1 + Math.random() * 9);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** The lock appears with its content, in one step: one that a killed process left behind must tell whose it was. */
async function take(lock: string): Promise<boolean> {
  const draft = `${lock}.${randomUUID()}`;
  try {
    await writeFile(draft, `${process.pid} ${hostname()} ${randomUUID()}`, { flag: 'wx' });
    await link(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** One process at a time clears, and it looks again first: else it could take away the lock of one that came in between. */
async function clear(lock: string): Promise<void> {
  const clearing = `${lock}.clearing`;
  if (await take(clearing)) {
    try {
      if (await isAbandoned(lock)) await rm(lock, { force: true });
    } finally {
      await rm(clearing, { force: true });
    }
  } else if (await isOld(clearing)) await rm(clearing, { force: true });
  else await sleep(1 + Math.random() * 9);
}

async function isAbandoned(lock: string): Promise<boolean> {
  // A lock that can't be read was just released, or is just being written: only its age tells.
  const [pid, host] = (await readFile(lock, 'utf8').catch(() => '')).split(' ');
  if (host === hostname() && !isAlive(Number(pid))) return true;
  return isOld(lock);
}

async function isOld(lock: string): Promise<boolean> {
  const found = await stat(lock).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > abandonedAfter;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
