// The least that a function can be: what it takes is the process and the runtime client, and nothing of ours.
export const handler = async (): Promise<unknown> => ({ statusCode: 200, body: process.env.ANSWER });
