// Compiled job modules, kept while live jobs use them.

import type { Sha256 } from "../../proto/ids.ts";
import { bundlesBytesMax, bundleUnusedLoggedTicks } from "../../proto/limits.ts";
import type { CommandReply } from "./commands.ts";
import { refuse } from "./refuse.ts";
import type { BundleState, ClusterState } from "./state.ts";

/** Bytes of the code itself; base64 takes four characters for three of them. */
const codeBytes = (codeBase64: string): number => Math.ceil((codeBase64.length / 4) * 3);

export function putBundle(state: ClusterState, sha256: Sha256, codeBase64: string): CommandReply {
  const known = state.bundles.get(sha256);
  if (known !== undefined) {
    known.unusedSinceTick = state.tick;
    return { kind: "ok" };
  }
  let held = 0;
  for (const bundle of state.bundles.values()) held += codeBytes(bundle.codeBase64);
  if (held + codeBytes(codeBase64) > bundlesBytesMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `the bundles of live jobs take ${held} of ${bundlesBytesMax} bytes, and ` +
        `${codeBytes(codeBase64)} more do not fit; submit again when some of the jobs ended`,
    );
  }
  state.bundles.set(sha256, { codeBase64, users: 0, unusedSinceTick: state.tick });
  return { kind: "ok" };
}

export function needBundle(state: ClusterState, sha256: Sha256): BundleState {
  const bundle = state.bundles.get(sha256);
  if (bundle === undefined) {
    refuse("BUNDLE_NOT_FOUND", `bundle ${sha256} is not here; upload it, then submit`);
  }
  return bundle;
}

export function leaveBundle(state: ClusterState, sha256: Sha256): void {
  const bundle = needBundle(state, sha256);
  bundle.users--;
  bundle.unusedSinceTick = state.tick;
}

export function expireBundles(state: ClusterState): void {
  for (const [sha256, bundle] of state.bundles) {
    if (bundle.users > 0) continue;
    if (state.tick - bundle.unusedSinceTick >= bundleUnusedLoggedTicks) {
      state.bundles.delete(sha256);
    }
  }
}
