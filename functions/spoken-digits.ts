import { audioClassification, serveModel } from '../lib/index.js';

export const handler = serveModel('spoken-digits', { tasks: [audioClassification] });
