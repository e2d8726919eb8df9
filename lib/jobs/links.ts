/** Addresses that let whoever has one write or read a single object of the data store, for minutes. */
export interface Links {
  /** For one object of exactly this size and type: anything else is refused. */
  upload(key: string, declared: Declared): Promise<UploadLink>;
  download(key: string): Promise<string>;
}

/** What an upload will be. */
export interface Declared {
  readonly bytes: number;
  readonly contentType: string;
}

export interface UploadLink {
  readonly method: 'PUT';
  readonly url: string;
  /** To be sent as they are: they are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Seconds. */
export const uploadLinkLife = 15 * 60;
export const downloadLinkLife = 5 * 60;
