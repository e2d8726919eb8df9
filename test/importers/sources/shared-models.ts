import { existsSync } from 'node:fs';
import { requirePart } from '../../support/requires.js';

/** Real models of other people, read where they are. */
export const shared = '../shared/models';

/** `describe`, or a skip where the files are not there. */
export const describeShared = requirePart(
  '../shared/models (real model files)',
  existsSync(shared),
  'get the shared folder',
);
