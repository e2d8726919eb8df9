import type { Turned } from './child.js';
import { type EngineName, enginesFor } from './engines.js';
import type { Network } from './networks.js';
import type { NodeVersion } from './node-versions.js';
import { type Child, runChild } from './run-child.js';

/** All predictions of one engine with one network and one size of batch on one Node.js, ms each. */
export interface Measured {
  readonly node: NodeVersion;
  readonly network: Network;
  readonly batch: number;
  readonly engine: EngineName;
  readonly times: number[];
}

export interface Plan {
  readonly nodes: Readonly<Partial<Record<NodeVersion, string>>>;
  readonly networks: readonly Network[];
  readonly engines: readonly EngineName[];
  readonly batches: readonly number[];
  /** How often everything is started afresh, and the turns that each engine then has. */
  readonly groups: number;
  readonly rounds: number;
  readonly onProgress: (share: number) => void;
}

/** How long a turn is, ms: hundreds of predictions of a small network, one or two of a large one. */
const turnMs = 60;

/** The first turn is not counted: by its end V8 has compiled what is hot. */
const warmUpMs = 250;

/** Outputs may differ by so much. */
const tolerance = 1e-4;

/**
 * Times the engines in turns, a process for each engine and network, so that no code is compiled for what another one did; all of
 * one network on one Node.js stand side by side, so that whatever else the machine does hits all of them alike.
 * @throws Error where two engines disagree: then nothing is timed
 */
export async function measure(plan: Plan): Promise<Measured[]> {
  const measured: Measured[] = [];
  const nodes = Object.entries(plan.nodes) as [NodeVersion, string][];
  const groups = Array.from({ length: plan.groups }, (_, group) => group);
  const cells = groups.flatMap((group) =>
    nodes.flatMap(([node, executable]) => plan.networks.map((network) => ({ group, node, executable, network }))),
  );
  for (const [index, { group, node, executable, network }] of cells.entries()) {
    // A large batch takes seconds a prediction: once afresh is enough.
    const batches = plan.batches.filter((batch) => group === 0 || !isLong(network, batch));
    const engines = enginesFor(network, plan.engines);
    const children: Child[] = [];
    try {
      const starts = engines.map((engine) => runChild({ engine, network }, executable));
      for (const start of await Promise.allSettled(starts))
        if (start.status === 'fulfilled') children.push(start.value);
      await Promise.all(starts); // throws what one of them threw, now that the others can be stopped
      for (const batch of batches) await agree(children, batch);
      for (let round = -1; round < plan.rounds; round++) {
        for (const batch of batches) {
          // The check has been its warm-up, and two rounds of it take as long as all others together.
          if (isLong(network, batch) && (round < 0 || round > 1)) continue;
          for (const child of children) {
            const { times } = await child.turn({ batch, ms: round < 0 ? warmUpMs : turnMs });
            if (round >= 0) into(measured, { node, network, batch, engine: child.engine }).push(...times);
          }
        }
        plan.onProgress((index + (round + 2) / (plan.rounds + 1)) / cells.length);
      }
    } finally {
      for (const child of children) child.stop();
    }
  }
  return measured;
}

const isLong = ({ model }: Network, batch: number): boolean => model === 'mobilenet' && batch > 8;

function into(measured: Measured[], key: Omit<Measured, 'times'>): number[] {
  const found = measured.find(
    ({ node, network, batch, engine }) =>
      node === key.node && network === key.network && batch === key.batch && engine === key.engine,
  );
  if (found !== undefined) return found.times;
  const made: Measured = { ...key, times: [] };
  measured.push(made);
  return made.times;
}

async function agree(children: readonly Child[], batch: number): Promise<void> {
  const outputs: Turned['output'][] = [];
  for (const child of children) outputs.push((await child.turn({ batch, ms: 0 })).output);
  const [expected = []] = outputs;
  for (const [index, output = []] of outputs.entries()) {
    const apart = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (output[at] ?? Number.NaN))), 0);
    if (apart <= tolerance && output.length === expected.length) continue;
    const [first, other] = [children[0], children[index]];
    throw new Error(
      `${other?.network.model}, batch ${batch}: ${first?.engine} and ${other?.engine} differ by ${apart}`,
    );
  }
}
