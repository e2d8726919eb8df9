import { serveModel, tensor } from '../../../lib/index.js';

export const handler = serveModel('mobilenet', { tasks: [tensor] });
