declare module 'asl-validator' {
  /** Checks a definition by the language's schema, its paths, and whether each state is reached and leads somewhere. */
  export default function validate(definition: unknown): { readonly isValid: boolean; readonly errors: unknown[] };
}
