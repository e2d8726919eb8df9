import { imageClassification, serveModel } from '../lib/index.js';

export const handler = serveModel('digits', { tasks: [imageClassification] });
