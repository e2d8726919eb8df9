/**
 * What is used of the AWS SDK. It takes longer to load than all the rest of a function's code, so it is only ever loaded by
 * `import('./s3-sdk.js')`, at the first need; this file alone is what a bundler has to put into a file of its own.
 */
export {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
