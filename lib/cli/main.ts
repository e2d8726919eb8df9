import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { version } from '../core/version.js';
import { createRegistry } from '../registry/registry.js';
import { openStore } from '../registry/stores/open-store.js';
import { batch } from './batch.js';
import { bench } from './bench.js';
import { doctor } from './doctor.js';
import { explain } from './explain.js';
import { invoke } from './invoke.js';
import { list } from './list.js';
import { scaffold } from './new.js';
import { promote } from './promote.js';
import { prune } from './prune.js';
import { publish } from './publish.js';
import { push } from './push.js';
import { redrive } from './redrive.js';
import { rollback } from './rollback.js';
import { serve } from './serve.js';
import { show } from './show.js';
import type { Verb, VerbCall } from './verb.js';
import { verify } from './verify.js';

const verbs: readonly Verb[] = [
  serve,
  publish,
  list,
  show,
  verify,
  invoke,
  batch,
  promote,
  rollback,
  prune,
  push,
  redrive,
  scaffold,
  doctor,
  bench,
];

const common = {
  registry: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * The command line. Results go to stdout, everything else to stderr.
 * @returns the exit code: 0 done, 1 refused or failed, 2 for an unknown verb or flag or a missing argument
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version') return say(`${version}\n`);
  if (name === undefined || name === '--help' || name === '-h') return say(overview());
  const verb = verbs.find((candidate) => candidate.name === name);
  if (verb === undefined) return misuse(`there is no verb '${name}'`, 'modelet --help lists them');

  let parsed: { values: VerbCall['values']; positionals: string[] };
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...verb.options, ...common },
      allowPositionals: true,
    });
    parsed = { values: values as VerbCall['values'], positionals };
  } catch (error) {
    return misuse(error instanceof Error ? error.message : String(error), `modelet ${name} --help shows what it takes`);
  }
  if (parsed.values.help === true) return say(helpOf(verb));
  const given = parsed.positionals.length;
  if (given < least(verb) || (given > verb.needs.length && !takesMore(verb))) {
    return misuse(`modelet ${name} takes ${verb.needs.join(', ') || 'no arguments'}`, `usage: ${verb.usage}`);
  }
  const isNeedless = verb.requiresUnless !== undefined && parsed.values[verb.requiresUnless] !== undefined;
  const required = isNeedless ? [] : (verb.requires ?? []);
  const missing = required.find((option) => parsed.values[option] === undefined);
  if (missing !== undefined) return misuse(`modelet ${name} needs --${missing}`, `usage: ${verb.usage}`);
  try {
    await verb.run(await callOf(parsed));
    return 0;
  } catch (error) {
    return failure(error);
  }
}

/** `[NAME]` may be left out. */
const least = ({ needs }: Verb): number => needs.filter((need) => !need.startsWith('[')).length;

/** `FILE…` stands for one or more. */
const takesMore = ({ needs }: Verb): boolean => needs.at(-1)?.endsWith('…') === true;

async function callOf({ values, positionals }: Pick<VerbCall, 'values' | 'positionals'>): Promise<VerbCall> {
  // The AWS SDK's advice to upgrade Node.js is for us to follow, not for whoever runs a command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const location = (values.registry as string | undefined) ?? process.env.MODELET_REGISTRY ?? './models';
  const openRegistry = async (where: string) => createRegistry(await openStore(where));
  return {
    values,
    positionals,
    registry: await openRegistry(location),
    openRegistry,
    print: (text, value) => {
      process.stdout.write(values.json === true ? `${JSON.stringify(value)}\n` : `${text}\n`);
    },
    progress: (label, total) => {
      const bar = new SingleBar({
        format: `${label} {bar} {percentage}% {eta_formatted} {note}`,
        stream: process.stderr,
        noTTYOutput: false,
      });
      bar.start(total, 0, { note: '' });
      return { update: (done, note = '') => bar.update(done, { note }), stop: () => bar.stop() };
    },
  };
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

function misuse(why: string, todo: string): number {
  process.stderr.write(`${why}\n${todo}\n`);
  return 2;
}

/** One line why, one line what to do. */
function failure(error: unknown): number {
  const { why, todo } = explain(error);
  process.stderr.write(`${why}\n${todo}\n`);
  return 1;
}

function overview(): string {
  const width = Math.max(...verbs.map(({ usage }) => usage.length));
  const lines = verbs.map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`);
  return `modelet ${version}: models as serverless functions\n\n${lines.join('\n')}\n\n${commonHelp.join('\n')}\n`;
}

function helpOf({ usage, summary, help }: Verb): string {
  return `${summary}\n\n  ${usage}\n\n${[...help, ...commonHelp].join('\n')}\n`;
}

const commonHelp = [
  '  --registry DIR|s3://BUCKET/PREFIX  where the models are (default MODELET_REGISTRY, else ./models)',
  '  --json                             the result as JSON on stdout',
  '  --help                             this text',
];
