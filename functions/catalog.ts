import { serveCatalog } from '../lib/index.js';

export const handler = serveCatalog();
