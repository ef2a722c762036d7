// The window of one follower: what opens it, what closes it, and which refusals are stale.
import { describe, expect, test } from "vitest";
import { isPaused, newProgress, noteAccepted, noteRejected, noteSent } from "./progress.ts";

describe("progress of a follower", () => {
  test("probes with one message at a time, then lets a bounded number flow", () => {
    const progress = newProgress(5);
    noteSent(progress, 5, 1);
    expect(isPaused(progress, 2)).toBe(true);
    expect(noteAccepted(progress, 5)).toBe(true);
    expect(progress.state).toEqual({ kind: "replicate", inflight: [] });
    noteSent(progress, 6, 1);
    expect(isPaused(progress, 2)).toBe(false);
    noteSent(progress, 8, 2);
    expect(isPaused(progress, 2)).toBe(true);
    expect(noteAccepted(progress, 6)).toBe(true);
    expect(isPaused(progress, 2)).toBe(false);
    expect(progress).toMatchObject({ match: 6, next: 9 });
  });

  test("a refusal of what was accepted since is stale", () => {
    const progress = newProgress(5);
    noteAccepted(progress, 7);
    expect(noteRejected(progress, 7, 3)).toBe(false);
    expect(progress.state.kind).toBe("replicate");
    expect(noteRejected(progress, 8, 3)).toBe(true);
    expect(progress).toMatchObject({ match: 7, next: 8, state: { kind: "probe" } });
  });

  test("while probing, only the last answer counts, and its hint is followed", () => {
    const progress = newProgress(9);
    expect(noteRejected(progress, 5, 2)).toBe(false);
    expect(noteRejected(progress, 8, 2)).toBe(true);
    expect(progress.next).toBe(3);
    expect(noteRejected(progress, 2, 9)).toBe(true);
    expect(progress.next).toBe(2);
  });

  test("a snapshot ends with an answer that covers it", () => {
    const progress = newProgress(9);
    const snapshot = { index: 6, term: 1, bytes: new Uint8Array(9) };
    const place = { offset: 0, waiting: true, waitedTicks: 0 };
    progress.state = { kind: "snapshot", snapshot, ...place };
    expect(noteRejected(progress, 8, 2)).toBe(false);
    noteAccepted(progress, 4);
    expect(isPaused(progress, 9)).toBe(true);
    noteAccepted(progress, 6);
    expect(progress).toMatchObject({ match: 6, next: 7, state: { kind: "replicate" } });
  });
});
