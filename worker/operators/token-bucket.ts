// A limiter of rates within one thread: a bucket of permits that fills evenly and holds those of one second.

import { assert } from "../../proto/errors.ts";
import { replaysKeptMax } from "../../proto/limits.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { RateLimiter, RateLimiters } from "../../proto/ports/rate-limiter.ts";

export class TokenBucket implements RateLimiter {
  private readonly clock: Clock;
  private readonly ratePerSecond: number;
  /** When the next permit is free; in the past where some are. */
  private freeAtMs: number;

  constructor(clock: Clock, ratePerSecond: number) {
    assert(ratePerSecond > 0, `a rate of ${ratePerSecond} per second`);
    this.clock = clock;
    this.ratePerSecond = ratePerSecond;
    this.freeAtMs = clock.nowMs();
  }

  async take(permits: number): Promise<void> {
    const nowMs = this.clock.nowMs();
    // What was not used within a second is lost: a pause must not be followed by a flood.
    const at = Math.max(this.freeAtMs, nowMs - 1000);
    this.freeAtMs = at + (permits * 1000) / this.ratePerSecond;
    if (at > nowMs) await sleep(this.clock, at - nowMs);
  }
}

/** Buckets of this thread, by operator; the last few that were used are kept. */
export function tokenBuckets(clock: Clock): RateLimiters {
  const buckets = new Map<string, TokenBucket>();
  return {
    of: ({ jobId, actionIndex, node }, ratePerSecond) => {
      const name = [jobId, actionIndex, node, ratePerSecond].join("/");
      const bucket = buckets.get(name) ?? new TokenBucket(clock, ratePerSecond);
      buckets.delete(name);
      buckets.set(name, bucket);
      if (buckets.size > replaysKeptMax) {
        for (const oldest of buckets.keys()) {
          buckets.delete(oldest);
          break;
        }
      }
      return bucket;
    },
  };
}
