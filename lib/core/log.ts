/** Structured log lines. Values describe what happened, never what a caller sent. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something to be counted: a line at `info`, and a metric of this name. */
  event(name: EventName, fields?: Readonly<Record<string, unknown>>): void;
}

/** What happens to versions while a function runs. */
export type EventName = 'AliasMoved' | 'AliasRolledBack' | 'VersionSwapped' | 'SwapRefused' | 'PlanIgnored';
