import { stackedBars } from '../stacked-bars.js';
import { models } from './networks.js';
import { type StartRow, stages } from './summarise.js';

/** Where each start's time goes. Two bars would make the others too short to read: they are cut. */
export function chart(rows: readonly StartRow[]): string {
  const shown = rows.filter(({ variant }) => variant !== 'idle');
  const compared = shown.filter(({ variant }) => variant !== 'tensorflow' && variant !== 'tfjs-node');
  return stackedBars({
    title: 'Process start → first right answer, ms (medians)',
    unit: 'ms',
    legend: stages,
    groups: models.map((model) => ({
      title: model,
      bars: shown
        .filter((row) => row.model === model)
        .map((row) => ({ label: labelOf(row), parts: stages.map((stage) => row.stages[stage] ?? 0) })),
    })),
    limit: 1.1 * Math.max(...compared.map(({ median }) => median)),
  });
}

const labels: Readonly<Record<StartRow['variant'], string>> = {
  idle: 'empty',
  floor: 'floor',
  modelet: 'modelet',
  naive: 'tfjs + wasm, naive',
  onnxruntime: 'onnxruntime-node',
  'tfjs-node': 'tfjs-node',
  tensorflow: 'TensorFlow, Python',
};

const labelOf = ({ variant, cached }: StartRow): string => `${labels[variant]}${cached ? ', code cache' : ''}`;
