// Digest of a logical plan as a chain of node digests, so that a replay can name the first node that differs.

import { AssertionError } from "../errors.ts";
import { planNodes } from "./inputs.ts";
import type { Action, LogicalNode } from "./logical.ts";
import { nodeText } from "./node-text.ts";
import { actionText } from "./text.ts";

/** 64 bits in 16 hexadecimal digits: two lanes of a multiply-and-shift hash (MurmurHash3 constants). */
export function digestText(text: string): string {
  let low = 0x9e3779b9;
  let high = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0xcc9e2d51);
    low ^= low >>> 15;
    high = Math.imul(high ^ unit, 0x1b873593);
    high ^= high >>> 13;
  }
  low = finish(low ^ text.length);
  high = finish(high ^ low);
  return hex(high) + hex(low ^ high);
}

function finish(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

function link(name: string, text: string): string {
  return `${name}:${digestText(text).slice(0, 8)}`;
}

/**
 * `readText#0:1b2c3d4e/count:5f6a7b8c`: every node from the source on, then the action.
 * Contents of inputs are no part of it, so it is equal on every replay.
 */
export function planDigest(action: Action): string {
  const nodes = planNodes(action.input);
  const links = nodes.map((node: LogicalNode) => link(`${node.kind}#${node.id}`, nodeText(node)));
  links.push(link(action.kind, actionText(action)));
  return links.join("/");
}

/** How two plans first differ, in words; undefined when they are equal. */
export function firstDifference(expected: string, actual: string): string | undefined {
  if (expected === actual) return undefined;
  const wanted = expected.split("/");
  const found = actual.split("/");
  const length = Math.max(wanted.length, found.length);
  for (let i = 0; i < length; i++) {
    if (wanted[i] === found[i]) continue;
    return describeDifference(nameOf(wanted[i]), nameOf(found[i]));
  }
  throw new AssertionError("digests that differ have a link that differs");
}

/** The step of the actual plan, as `map#3`, at which the two first differ; undefined where it is none. */
export function differingStep(expected: string, actual: string): string | undefined {
  const wanted = expected.split("/");
  const found = actual.split("/").find((chainLink, at) => chainLink !== wanted[at]);
  return found?.includes("#") === true ? nameOf(found) : undefined;
}

function nameOf(chainLink: string | undefined): string {
  return chainLink === undefined ? "nothing" : chainLink.slice(0, chainLink.indexOf(":"));
}

function describeDifference(wanted: string, found: string): string {
  if (wanted === found) return `${wanted} has other arguments than at first`;
  return `where ${wanted} was planned at first, there is now ${found}`;
}
