import type { Plan } from "../../../compile/index.ts";
import type { CodeReference } from "../../../git/index.ts";
import { parseJson } from "../../../lib/index.ts";
import { leftName } from "../manifests/left-code.ts";
import type { Pod } from "../api/objects.ts";
import type { Derived, PartialReference } from "./view.ts";

/** What the git steps of a pod left, by step: from the last words of their containers. */
export function codeOf(pod: Pod | undefined, plan: Plan): Derived["code"] {
  const code: Derived["code"] = new Map();
  for (const [index, step] of plan.init.entries()) {
    if (step.kind !== "git") continue;
    const name = step.handler === undefined ? step.name : leftName(index);
    const status = pod?.status?.initContainerStatuses?.find((each) => each.name === name);
    const { exitCode, message } = status?.state?.terminated ?? {};
    if (exitCode !== 0 || message === undefined) continue;
    const told = parseJson<Partial<CodeReference | PartialReference>>(message);
    if (told?.commit === undefined) continue;
    code.set(
      step.name,
      "digest" in told ? { ...(told as PartialReference), pod: pod!.metadata.name } : (told as CodeReference),
    );
  }
  return code;
}

export function isPartial(code: CodeReference | PartialReference): code is PartialReference {
  return "digest" in code;
}
