// Permits to begin calls of an outside service: no more in a second than a job allows.

export interface RateLimiter {
  /** Resolves once so many calls may begin. Waiters are served in the order they came. */
  take(permits: number): Promise<void>;
}

export interface RateLimiters {
  /** The one for an operator of an action: all tasks that share it share its rate. */
  of(operator: RateLimited, ratePerSecond: number): RateLimiter;
}

export interface RateLimited {
  readonly jobId: string;
  readonly actionIndex: number;
  readonly node: number;
}
