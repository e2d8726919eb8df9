/** Names of the errors of a step of a distributed batch, by which its state machine tells what to try again. */
export const stepErrors = { again: 'Retryable', final: 'Final' } as const;
