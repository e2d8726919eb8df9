import { SingleBar } from 'cli-progress';

export interface ProgressBar {
  /** @param note what to show behind the figures, e.g. the loss */
  update(done: number, note?: string): void;
  stop(): void;
}

/** A bar on stderr; without a terminal it prints nothing, so that logs stay short. */
export function progressBar(title: string, total: number): ProgressBar {
  const bar = new SingleBar({ format: `${title} [{bar}] {value}/{total} {note}`, hideCursor: true, fps: 5 });
  bar.start(total, 0, { note: '' });
  return {
    update: (done, note) => bar.update(done, note === undefined ? {} : { note }),
    stop: () => bar.stop(),
  };
}
