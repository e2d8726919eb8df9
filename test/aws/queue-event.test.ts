import { describe, expect, test } from '@jest/globals';
import { handOnMessage, type Inbox, readMessage } from '../../lib/aws/queue-event.js';

const inbox: Inbox = { model: 'digits', bucket: 'data', prefix: '' };

/** What S3 sends, by its documentation ("Event message structure"), of one upload. */
function notification(key: string, changes: { eventName?: string; bucket?: string; eTag?: string | undefined } = {}) {
  const { eventName = 'ObjectCreated:Put', bucket = 'data' } = changes;
  const eTag = 'eTag' in changes ? changes.eTag : 'd41d8cd98f00b204e9800998ecf8427e';
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'eu-central-1',
        eventTime: '2026-11-24T12:00:00.000Z',
        eventName,
        userIdentity: { principalId: 'A1' },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': '1' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: '1',
          bucket: { name: bucket, ownerIdentity: { principalId: 'A1' }, arn: `arn:aws:s3:::${bucket}` },
          object: { key, size: 4, eTag, versionId: '1', sequencer: '0055AED6DCD90281E5' },
        },
      },
    ],
  };
}

const read = (message: unknown, place = inbox) => readMessage(JSON.stringify(message), place);

describe('a notification of S3', () => {
  test.each([
    ['night/7.jsonl', 'night/7.jsonl'],
    ['a+b%2Bc%25.csv', 'a b+c%.csv'],
    ['%C3%BCber+%E6%97%A5%E6%9C%AC/%F0%9F%99%82.png', 'über 日本/🙂.png'],
    ['outbox/digits/x.jsonl', 'outbox/digits/x.jsonl'],
  ])('%s below the inbox is the upload %s', (encoded, key) => {
    expect(read(notification(`inbox/digits/${encoded}`))).toEqual({
      uploads: [{ key, etag: '"d41d8cd98f00b204e9800998ecf8427e"' }],
      ignored: [],
    });
  });

  test('counts below the prefix of the data', () => {
    const place = { ...inbox, prefix: 'team/a/' };
    expect(read(notification('team/a/inbox/digits/x.jsonl'), place).uploads).toMatchObject([{ key: 'x.jsonl' }]);
    expect(read(notification('inbox/digits/x.jsonl'), place).uploads).toEqual([]);
  });

  test.each([
    ['outbox/digits/x.jsonl/results.jsonl'],
    ['work/digits/x.jsonl/start.json'],
    ['files/digits/x.png'],
    ['inbox/digits-too/x.jsonl'],
    ['inbox/digit/x.jsonl'],
    ['INBOX/digits/x.jsonl'],
    ['x/inbox/digits/x.jsonl'],
    ['inbox/digits'],
  ])('of %s is ignored, and the log says so', (key) => {
    expect(read(notification(key))).toEqual({
      uploads: [],
      ignored: ['an upload that is not below s3://data/inbox/digits/'],
    });
  });

  test.each([
    ['another bucket', notification('inbox/digits/x', { bucket: 'other' }), /not below s3:\/\/data/],
    ['a deletion', notification('inbox/digits/x', { eventName: 'ObjectRemoved:Delete', eTag: undefined }), /no upload/],
    ['a folder of the console', notification('inbox/digits/night/'), /a folder/],
    ['the test message', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'data' }, /test message/],
  ])('of %s is ignored', (_, message, why) => {
    expect(read(message)).toEqual({ uploads: [], ignored: [expect.stringMatching(why)] });
  });

  test('may name several uploads, each judged by itself', () => {
    const Records = ['inbox/digits/a', 'outbox/digits/b', 'inbox/digits/c'].flatMap((key) => notification(key).Records);
    const { uploads, ignored } = read({ Records });
    expect(uploads.map(({ key }) => key)).toEqual(['a', 'c']);
    expect(ignored).toHaveLength(1);
  });
});

test('a hand-on message is read as it was written, whatever the key', () => {
  const upload = { key: 'ü ber+%/\uffff"\n.jsonl', etag: '"e"', hop: { count: 3, records: 40, stalled: 1 } };
  const body = handOnMessage(upload);
  expect(body).toMatch(/^[\x20-\x7e]+$/);
  expect(readMessage(body, inbox)).toEqual({ uploads: [upload], ignored: [] });
});

test.each([
  ['no JSON', 'hello'],
  ['nothing', ''],
  ['another shape', '{"detail":{}}'],
  ["another service's records", JSON.stringify({ Records: [{ eventSource: 'aws:sns' }] })],
  ['a key that is not URL-encoded', JSON.stringify(notification('inbox/digits/%zz'))],
  ['a hand-on with a wrong count', '{"handOn":{"key":"a","etag":"b","hop":{"count":-1,"records":0,"stalled":0}}}'],
])('%s is refused as a message', (_, body) => {
  expect(() => readMessage(body, inbox)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(/^the message is neither/) }),
  );
});
