import * as v from 'valibot';
import { ModeletError } from '../core/errors.js';

/** Where uploads of one model arrive; `prefix` is '' or ends in `/`. */
export interface Inbox {
  readonly model: string;
  readonly bucket: string;
  readonly prefix: string;
}

/** One upload that a message speaks of; with `hop` where an earlier invocation has worked on it. */
export interface Upload {
  /** Below `inbox/<model>/`. */
  readonly key: string;
  /** As the store has it, in quotes. */
  readonly etag: string;
  readonly hop?: Hop;
}

/** How far the invocations before this one came. */
export interface Hop {
  /** Invocations so far. */
  readonly count: number;
  /** Records done at the end of the last one. */
  readonly records: number;
  /** How many in a row, up to the last one, came no further. */
  readonly stalled: number;
}

/** What a message asks for: uploads to work on, and what in it is none of ours, as lines for the log. */
export interface Order {
  readonly uploads: readonly Upload[];
  readonly ignored: readonly string[];
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const handOnSchema = v.strictObject({
  handOn: v.strictObject({
    key: v.string(),
    etag: v.string(),
    hop: v.strictObject({ count, records: count, stalled: count }),
  }),
});

/** What S3 says of an upload, as far as we read it ("Event message structure", versions 2.x). */
const notificationSchema = v.object({
  Records: v.array(
    v.object({
      eventSource: v.literal('aws:s3'),
      eventName: v.string(),
      s3: v.object({
        bucket: v.object({ name: v.string() }),
        object: v.object({ key: v.string(), eTag: v.optional(v.string()) }),
      }),
    }),
  ),
});

/** S3 sends it once to see whether it may, when notifications are set up. */
const testSchema = v.object({ Event: v.literal('s3:TestEvent') });

const messageSchema = v.pipe(v.string(), v.parseJson(), v.union([handOnSchema, notificationSchema, testSchema]));

/** The message by which an invocation hands the rest of an upload on to the next. */
export function handOnMessage(upload: Required<Upload>): string {
  // Encoded as in S3's own messages: SQS does not take every character that a key may have.
  return JSON.stringify({ handOn: { ...upload, key: encodeURIComponent(upload.key) } });
}

/** The same message with a fresh count of hops, for an upload that was given up and is tried again; any other stays as it is. */
export function startAgain(body: string): string {
  const message = v.safeParse(v.pipe(v.string(), v.parseJson(), handOnSchema), body);
  if (!message.success) return body;
  const { handOn } = message.output;
  return JSON.stringify({ handOn: { ...handOn, hop: { ...handOn.hop, count: 0, stalled: 0 } } });
}

/**
 * Reads the body of a queue message: S3's notification of uploads, or the hand-on message of our own. What is not below
 * `inbox/<model>/` is ignored, so that a notification set up too widely can't make results into inputs.
 * Neither order nor `sequencer` matter: whoever works on an upload asks the store whether it still is the one at this etag.
 * @throws INVALID_INPUT for a body that is neither
 */
export function readMessage(body: string, inbox: Inbox): Order {
  const message = v.safeParse(messageSchema, body);
  if (!message.success) throw unreadable();
  const { output } = message;
  if ('handOn' in output) {
    const { handOn } = output;
    return { uploads: [{ ...handOn, key: decodeKey(handOn.key) }], ignored: [] };
  }
  if ('Event' in output) return { uploads: [], ignored: ['the test message of S3'] };

  const uploads: Upload[] = [];
  const ignored: string[] = [];
  const folder = `${inbox.prefix}inbox/${inbox.model}/`;
  for (const { eventName, s3 } of output.Records) {
    const key = decodeKey(s3.object.key);
    const { eTag } = s3.object;
    if (!eventName.startsWith('ObjectCreated:') || eTag === undefined) {
      ignored.push(`${eventName}, which is no upload`);
    } else if (s3.bucket.name !== inbox.bucket || !key.startsWith(folder)) {
      ignored.push(`an upload that is not below s3://${inbox.bucket}/${folder}`);
    } else if (key.endsWith('/')) {
      ignored.push('a folder, which the console makes as an empty object');
    } else {
      // The API quotes an etag, a notification does not.
      uploads.push({ key: key.slice(folder.length), etag: `"${eTag}"` });
    }
  }
  return { uploads, ignored };
}

/** Form encoding: a space is `+`. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    throw unreadable();
  }
}

const unreadable = () =>
  new ModeletError(
    'INVALID_INPUT',
    'the message is neither a notification of S3 nor a hand-on of modelet; only those belong into this queue',
  );
