import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { ModeletError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { RequestReport } from '../protocol/app.js';
import { errorFields } from './error-fields.js';

export interface Telemetry {
  readonly log: Log;
  /** One metrics record a request (CloudWatch Embedded Metric Format), and a log line for what went wrong on our side. */
  report(finished: RequestReport): void;
}

/**
 * Powertools' Logger and Metrics. Lines carry codes, sizes and times, never what a caller sent; a caller's own mistake (4xx)
 * is a metric, not a log line.
 */
export function createTelemetry(service: string): Telemetry {
  const logger = new Logger({ serviceName: service });
  const metrics = new Metrics({ namespace: 'modelet', serviceName: service });

  return {
    log: {
      info: (message, fields = {}) => logger.info(message, fields),
      warn: (message, fields = {}) => logger.warn(message, fields),
      error: (message, fields = {}) => logger.error(message, fields),
      event: (name, fields = {}) => {
        logger.info(name, fields);
        // A record of its own: the one of the request is under way.
        const single = metrics.singleMetric();
        single.addMetric(name, MetricUnit.Count, 1);
      },
    },
    report: ({ requestId, method, path, status, model, version, ms, cold, stages, error }) => {
      if (status >= 500) {
        const code = error instanceof ModeletError ? error.code : 'UNEXPECTED';
        logger.error('request failed', {
          requestId,
          method,
          path,
          status,
          code,
          model,
          version,
          error: errorFields(error),
        });
      }
      metrics.addMetric('Requests', MetricUnit.Count, 1);
      metrics.addMetric('Latency', MetricUnit.Milliseconds, ms);
      if (status >= 400) metrics.addMetric(status >= 500 ? 'ServerErrors' : 'ClientErrors', MetricUnit.Count, 1);
      for (const [stage, stageMs] of stages) metrics.addMetric(stage, MetricUnit.Milliseconds, stageMs);
      if (cold) metrics.addMetric('ColdStart', MetricUnit.Count, 1);
      if (version !== undefined) metrics.addMetadata('version', version);
      metrics.publishStoredMetrics();
    },
  };
}
