/** How a bucket is reached. */
export interface S3Access {
  /** The bucket itself: `https://models.s3.eu-central-1.amazonaws.com/`, or `http://127.0.0.1:9000/models/` in path style. */
  readonly url: URL;
  /** That requests are signed for. */
  readonly region: string;
  /** The keys to sign with; a provider that knows when they expire brings new ones in time. */
  credentials(): Promise<S3Credentials>;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
