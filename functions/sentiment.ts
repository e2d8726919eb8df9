import { serveModel, textClassification } from '../lib/index.js';

export const handler = serveModel('sentiment', { tasks: [textClassification] });
