import { formatShape, type TensorSpec } from '../core/tensor.js';
import { production } from '../core/version-ref.js';
import { type Alias, formatAlias } from '../registry/alias.js';
import { describePlan } from './describe-plan.js';
import { parseModelRef, type Verb } from './verb.js';

export const show: Verb = {
  name: 'show',
  usage: 'modelet show MODEL[@VERSION]',
  summary: 'the card of a version (default: what production names)',
  needs: ['MODEL[@VERSION]'],
  options: {},
  help: [],
  run: async ({ registry, positionals, print }) => {
    const { model, version } = parseModelRef(positionals[0] as string);
    const manifest = await registry.manifest(model, version ?? (await registry.resolve(model, production)));
    const named = await registry.aliases(model);
    const names = ({ version, canary }: Alias) => [version, canary?.version];
    const aliases = [...named].filter(([, alias]) => names(alias).includes(manifest.version));
    const { files, signature, task, metrics, golden, source, created, licence, description } = manifest;
    const lines = [
      `${model}@${manifest.version}${aliases.map(([name]) => ` (${name})`).join('')}`,
      ...(description === undefined ? [] : [description]),
      ...aliases.map(
        ([name, alias]) => `alias    ${name} → ${formatAlias(alias)}, since ${alias.since ?? 'its first version'}`,
      ),
      `task     ${task.name}`,
      ...Object.entries(task.options).map(([name, value]) => `option   ${name} ${shortened(JSON.stringify(value))}`),
      ...signature.inputs.map((spec) => `input    ${formatSpec(spec)}`),
      ...signature.outputs.map((spec) => `output   ${formatSpec(spec)}`),
      ...Object.entries(metrics).map(([name, value]) => `metric   ${name} ${value}`),
      ...(manifest.parity ?? []).flatMap(({ by, backend, outputs }) =>
        outputs.map(
          ({ name, relative }) => `parity   ${name} on ${backend} within ${relative.toExponential(1)} of ${by}`,
        ),
      ),
      ...(manifest.quantization === undefined
        ? []
        : manifest.quantization.outputs.map(
            ({ name, relative }) =>
              `stored   as ${manifest.quantization?.dtype}, which moves ${name} by ${relative.toExponential(1)}`,
          )),
      ...(manifest.plan === undefined ? [] : [`plan     ${describePlan(manifest.plan)}`]),
      `golden   by ${golden.by}, tolerance ${golden.tolerance}`,
      `source   ${source.format}${source.tool === undefined ? '' : `, ${source.tool}`}; ${created}`,
      `licence  ${licence ?? 'not stated'}`,
      ...files.map(({ name, bytes, sha256 }) => `file     ${name}, ${bytes} bytes, sha256 ${sha256}`),
    ];
    print(lines.join('\n'), { ...manifest, aliases: aliases.map(([name]) => name) });
  },
};

/** A vocabulary or a thousand labels would bury the card; --json has them whole. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}… (${text.length} characters)` : text;
}

function formatSpec({ name, datatype, shape }: TensorSpec): string {
  return `${name} ${datatype} ${formatShape(shape)}`;
}
