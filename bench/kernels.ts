import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Build } from '../lib/kernels/kernels.js';
import type { Bench, Result, Row } from './bench.js';
import type { Timed } from './kernels/child.js';
import { works } from './kernels/work.js';
import { installNodes, type NodeVersion, nodeVersions } from './warm/node-versions.js';

interface KernelRow extends Row {
  readonly node: NodeVersion;
  readonly build: Build;
  readonly work: string;
  readonly isBest: boolean;
}

/** Turns are short, so that some fall between whatever else the machine does. */
const [passes, rounds, turn] = [5, 20, 3];

/** What each build of the kernels reaches on each Node.js, on one thread: why there are four. */
export const kernels: Bench = {
  name: 'kernels',
  summary: 'each build of the kernels on each Node.js',
  run: async (onProgress) => {
    const nodes = installNodes();
    const all: (Timed & { node: NodeVersion })[] = [];
    // Several passes over all, so that whatever else the machine does hits all of them alike.
    for (let pass = 0; pass < passes; pass++) {
      for (const [index, node] of nodeVersions.entries()) {
        all.push(...(await timesOn(nodes[node])).map((timed) => ({ ...timed, node })));
        onProgress((pass + (index + 1) / nodeVersions.length) / passes);
      }
    }
    const rows = summarised(all);
    return { headline: { gflops: best(rows) }, rows };
  },
  table: (result) => table(kernelRows(result)),
};

function timesOn(node: string): Promise<readonly Timed[]> {
  const file = fileURLToPath(new URL('kernels/child.js', import.meta.url));
  const child = spawn(node, [file, String(rounds), String(turn)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => {
      if (code === 0) done(JSON.parse(written));
      else failed(new Error(`${node} with the kernels ended with ${code}`));
    });
  });
}

function summarised(all: readonly (Timed & { node: NodeVersion })[]): KernelRow[] {
  const groups = new Map<string, (typeof all)[number][]>();
  for (const timed of all) {
    const name = `${timed.work}; ${timed.build} on Node.js ${timed.node}`;
    groups.set(name, [...(groups.get(name) ?? []), timed]);
  }
  const rows = [...groups].map(([name, group]) => {
    const times = group.flatMap((timed) => timed.times).sort((a, b) => a - b);
    const { node, build, work, isBest } = group[0] as Timed & { node: NodeVersion };
    return {
      ...{ name, node, build, work, isBest },
      median: times[times.length >> 1] as number,
      min: times[0] as number,
    };
  });
  // The yardstick is the build that runs everywhere.
  const plain = ({ node, work }: (typeof rows)[0]) =>
    rows.find((row) => row.node === node && row.work === work && row.build === 'simd-v8-11')?.min as number;
  return rows.map((row) => ({ ...row, ratio: plain(row) / row.min }));
}

/** In the quickest turn. */
const gflops = ({ work, min }: KernelRow): number =>
  (works.find(({ name }) => name === work)?.operations ?? 0) / min / 1e6;

/** Of each Node.js with the build that it takes: work → GFLOP/s. */
const best = (rows: readonly KernelRow[]) =>
  Object.fromEntries(
    nodeVersions.map((version) => [
      `node${version}`,
      Object.fromEntries(
        rows
          .filter(({ node, isBest }) => isBest && node === version)
          .map((row) => [row.work, Number(gflops(row).toFixed(1))]),
      ),
    ]),
  );

function table(rows: readonly KernelRow[]): string[] {
  const names = works.map(({ name }) => name);
  const lines = rows.filter(({ work }) => work === names[0]);
  return [
    `| Node.js | build | ${names.join(' | ')} |`,
    `|---|---|${names.map(() => '---').join('|')}|`,
    ...lines.map(({ node, build, isBest }) => {
      const cells = names.map((name) => {
        const row = rows.find((other) => other.work === name && other.node === node && other.build === build);
        return row === undefined ? '' : gflops(row).toFixed(1);
      });
      const marked = (cell: string): string => (isBest ? `**${cell}**` : cell);
      return `| ${node} | ${[`\`${build}\``, ...cells].map(marked).join(' | ')} |`;
    }),
  ];
}

/** Its rows are this benchmark's own; a stored result is read back as it was written. */
const kernelRows = ({ rows }: Result): readonly KernelRow[] => rows as readonly KernelRow[];
