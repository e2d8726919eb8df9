/** Settings of an activation or an operation, as the file has them. */
export type Settings = Readonly<Record<string, unknown>>;

/** What should be an object of settings; none is an empty one. @throws RangeError */
export function settingsOf(value: unknown): Settings {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new RangeError(`${JSON.stringify(value)} is no settings`);
  return value as Settings;
}

/** A number, or what it is where the file doesn't say. @throws RangeError for anything else */
export function numberSetting(settings: Settings, name: string, otherwise?: number): number {
  const value = settings[name] ?? otherwise;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new RangeError(`${name} should be a number, not ${JSON.stringify(value)}`);
  }
  return value;
}

/** A number or none. */
export function optionalNumber(settings: Settings, name: string): number | undefined {
  return settings[name] === undefined || settings[name] === null ? undefined : numberSetting(settings, name);
}
