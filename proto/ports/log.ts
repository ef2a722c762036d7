// Structured log lines to standard error. No secrets, no rows, one event per line.

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** For tests and quiet commands. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
