import { formatShape, type TensorSpec } from '../core/tensor.js';
import { production } from '../core/version-ref.js';
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
    const aliases = [...(await registry.aliases(model))].filter(([, alias]) => alias.version === manifest.version);
    const { files, signature, task, metrics, golden, source, created, licence, description } = manifest;
    const lines = [
      `${model}@${manifest.version}${aliases.map(([name]) => ` (${name})`).join('')}`,
      ...(description === undefined ? [] : [description]),
      `task     ${task.name}`,
      ...signature.inputs.map((spec) => `input    ${formatSpec(spec)}`),
      ...signature.outputs.map((spec) => `output   ${formatSpec(spec)}`),
      ...Object.entries(metrics).map(([name, value]) => `metric   ${name} ${value}`),
      `golden   by ${golden.by}, tolerance ${golden.tolerance}`,
      `source   ${source.format}${source.tool === undefined ? '' : `, ${source.tool}`}; ${created}`,
      `licence  ${licence ?? 'not stated'}`,
      ...files.map(({ name, bytes, sha256 }) => `file     ${name}, ${bytes} bytes, sha256 ${sha256}`),
    ];
    print(lines.join('\n'), { ...manifest, aliases: aliases.map(([name]) => name) });
  },
};

function formatSpec({ name, datatype, shape }: TensorSpec): string {
  return `${name} ${datatype} ${formatShape(shape)}`;
}
