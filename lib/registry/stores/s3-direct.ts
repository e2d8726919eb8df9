import { isBroken, limits } from './s3-connection.js';
import { type Line, openLine, type ReadDirectly } from './s3-line.js';

/**
 * Connections of their own for large bodies. `node:http` takes a body in pieces of 64 KiB, each in memory of its own that is
 * collected later; straight into place the same bytes take a third of the time. Connections are kept, dropped and given up as
 * those of `connections` are.
 */
export function directReads(server: URL): ReadDirectly {
  const kept: Line[] = [];

  function line(): Line {
    for (let one = kept.pop(); one !== undefined; one = kept.pop()) {
      if (one.isOpen() && Date.now() - one.idleSince() < limits.idle) return one;
      one.close();
    }
    return openLine(server);
  }

  return async function read(request, into, signal) {
    const used = line();
    const isFresh = used.idleSince() === 0;
    try {
      const head = await used.ask(request, into, signal);
      if (head === undefined || head.get('connection') === 'close') used.close();
      else kept.push(used);
      return head;
    } catch (error) {
      used.close();
      if (isFresh || used.hasHeard() || signal?.aborted || !isBroken(error)) throw error;
      // It died while it was idle, and so did the others.
      for (const one of kept.splice(0)) one.close();
      return read(request, into, signal);
    }
  };
}
