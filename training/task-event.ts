import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** The event of an HTTP API for `POST /models/{model}` with a file. */
export function taskEvent(model: string, contentType: string, file: Uint8Array): APIGatewayProxyEventV2 {
  const rawPath = `/models/${model}`;
  const domainName = 'evaluation.example';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: '',
    headers: { host: domainName, 'content-type': contentType },
    requestContext: {
      accountId: '',
      apiId: '',
      domainName,
      domainPrefix: '',
      http: { method: 'POST', path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'evaluation' },
      requestId: 'evaluation',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    body: Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('base64'),
    isBase64Encoded: true,
  };
}
