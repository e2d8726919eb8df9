import { existsSync, readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

/** The service of ./serverless.yml, after which the plugin names what it makes: `<service>-<stage>-…`. */
export function serviceName(): string {
  const file = 'serverless.yml';
  const service: unknown = existsSync(file) ? parseDocument(readFileSync(file, 'utf8')).get('service') : undefined;
  return typeof service === 'string' ? service : 'modelet';
}
