import { otherCommit, type Derived, type PartialReference, type RunView } from "../../executors/index.ts";
import type { CodeReference } from "../../git/index.ts";
import { problemRecord, type ProblemRecord, type Redactor } from "../../lib/index.ts";
import { pinnedCode } from "../pinned-code.ts";
import type { RunCode, RunRecord } from "../record.ts";
import { isFinal } from "../transitions.ts";
import { endOf, recordOf, type ClusterEnd, type StoredRun } from "./record.ts";
import type { ClusterSession } from "./session.ts";

/** Judges runs by what the cluster holds of them: whoever sees that one is over writes it down, and removes what could still start of a hopeless one. */
export interface Judge {
  /** How the run stands; `whole` fetches code references that a termination message had no room for. */
  look: (
    run: StoredRun,
    view: RunView,
    options?: { whole?: boolean },
  ) => Promise<{ record: RunRecord; end: ClusterEnd }>;
}

/** Steps whose own container left another commit than it was pinned to. */
function otherCommits({ plan }: StoredRun, { code }: Derived): ProblemRecord[] {
  return plan.init.flatMap((step) => {
    const left = code.get(step.name)?.commit;
    if (step.kind !== "git" || step.pin === undefined || left === undefined || left === step.pin.commit) return [];
    return [problemRecord(otherCommit(step, { asked: step.pin.commit, left }))];
  });
}

export function createJudge(session: ClusterSession, redactor?: Redactor): Judge {
  const { kubernetes, cluster, records } = session;
  /** References do not change: fetched once, by run and step. */
  const fetched = new Map<string, CodeReference>();

  async function references(run: StoredRun, derived: Derived, whole: boolean): Promise<RunCode[]> {
    const found: RunCode[] = [];
    for (const step of run.plan.init) {
      if (step.kind !== "git") continue;
      const pinned = step.pin === undefined ? [] : [pinnedCode(step, step.pin)];
      const code = derived.code.get(step.name);
      if (code === undefined) found.push(...pinned);
      else if (!kubernetes.isPartial(code)) found.push(code);
      else found.push(...[(await complete(run, { step: step.name, part: code, whole })) ?? pinned].flat());
    }
    return found;
  }

  async function complete(
    { uuid, plan }: StoredRun,
    { step, part, whole }: { step: string; part: PartialReference; whole: boolean },
  ): Promise<CodeReference | undefined> {
    const key = `${uuid} ${step}`;
    const known = fetched.get(key);
    if (known !== undefined || !whole) return known;
    const reference = await kubernetes.wholeReference(cluster, { step, part, plan }).catch(() => undefined);
    if (reference !== undefined) fetched.set(key, reference);
    return reference;
  }

  return {
    async look(run, view, { whole = true } = {}) {
      if (run.end !== undefined) return { record: recordOf(run, run.end), end: run.end };
      const { uuid, plan } = run;
      const { object, createdAt, queuedAt, kind } = run.run;
      const derive = (): Derived =>
        kubernetes.derive({ uuid, object, createdAt, queuedAt, plan, stopAt: run.stopAt }, view, Date.now());
      let derived = derive();
      const over = isFinal(derived.statuses.at(-1)!.status);
      if (over) {
        // Somebody may have asked for its end, or have written it down, since the record was read.
        const told = await records.find(uuid);
        if (told?.end !== undefined) {
          run.end = told.end;
          return { record: recordOf(run, told.end), end: told.end };
        }
        run.stopAt ??= told?.stopAt;
        derived = derive();
      }
      const code = await references(run, derived, whole || over);
      const warnings = [...run.run.warnings, ...otherCommits(run, derived)];
      const plain = { ...endOf(derived, code), warnings };
      const end = redactor === undefined ? plain : redactor.value(plain);
      if (over) {
        if (derived.hopeless) await kubernetes.removeWorkload(cluster, { uuid, object, kind }).catch(() => {});
        await records.settle(uuid, end);
        run.end = end;
      }
      return { record: recordOf(run, end), end };
    },
  };
}
