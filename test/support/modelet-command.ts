import { afterEach, beforeEach, jest } from '@jest/globals';
import { main } from '../../lib/cli/main.js';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `modelet` in this process, with what it writes caught; to be called where hooks may be set. */
export function modeletCommand(): { run(...args: string[]): Promise<CommandResult> } {
  let out = '';
  let err = '';
  beforeEach(() => {
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += text;
      return true;
    });
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += text;
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  return {
    run: async (...args) => {
      out = '';
      err = '';
      const code = await main(args);
      return { code, out, err };
    },
  };
}
