/** Progress goes to stderr; stdout stays for results. */
export function progress(line: string): void {
  process.stderr.write(`native: ${line}\n`);
}
