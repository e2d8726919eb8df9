import { forecast, serveModel } from '../lib/index.js';

export const handler = serveModel('forecast', { tasks: [forecast] });
