/** Milliseconds per call of one variant, over all rounds. */
export interface Sample {
  readonly median: number;
  readonly min: number;
}

/**
 * Times variants in turns, so that whatever else the machine does hits all of them alike.
 * @param variants what to time, by name
 * @param rounds how often each variant has a turn, after one turn to warm up
 * @param calls how many calls a turn has; each is timed
 */
export async function interleave<Name extends string>(
  variants: Readonly<Record<Name, () => Promise<unknown>>>,
  { rounds, calls, onRound }: { rounds: number; calls: number; onRound?: (done: number) => void },
): Promise<Record<Name, Sample>> {
  const names = Object.keys(variants) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      for (let call = 0; call < calls; call++) {
        const since = performance.now();
        await variants[name]();
        if (round >= 0) times.get(name)?.push(performance.now() - since);
      }
    }
    onRound?.(round + 1);
  }
  const sample = (values: number[]): Sample => {
    values.sort((a, b) => a - b);
    return { median: values[values.length >> 1] as number, min: values[0] as number };
  };
  return Object.fromEntries(names.map((name) => [name, sample(times.get(name) ?? [])])) as Record<Name, Sample>;
}
