import { parseArgs } from 'node:util';

/** What every training takes. */
interface Options {
  readonly data: string;
  readonly epochs: string;
}

/**
 * Reads the command line and trains. `--registry` is where to publish, by default ./models. What is thrown becomes a line on
 * stderr and exit code 1.
 * @param defaults of the options, all of which are text
 */
export async function runTraining<Given extends Options>(
  help: string,
  defaults: Given,
  train: (values: Given & { readonly registry: string }, epochs: number) => Promise<void>,
): Promise<void> {
  try {
    const texts = Object.entries({ registry: './models', ...defaults }).map(
      ([name, value]) => [name, { type: 'string' as const, default: value }] as const,
    );
    const options = { ...Object.fromEntries(texts), help: { type: 'boolean' as const, default: false } };
    const { values } = parseArgs({ options });
    const given = values as unknown as Given & { readonly registry: string; readonly help: boolean };
    const epochs = Number(given.epochs);
    if (!Number.isInteger(epochs) || epochs < 1)
      throw new Error(`--epochs ${given.epochs}: a whole number from 1 is expected`);
    if (given.help) console.log(help);
    else await train(given, epochs);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
