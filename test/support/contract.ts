import * as z from "zod";
import { ERROR_CODES } from "../../src/lib/index.ts";

/** The shapes that scripts rely on, written down apart from the code that makes them. Each check gives the value back, typed. */

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const commit = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
const count = z.int().min(0);
const text = z.string().min(1);

const problem = z.strictObject({
  code: z.string().regex(/^[A-Z][A-Z0-9_]+$/),
  message: text,
  hint: text,
  file: text.optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  connection: text.optional(),
});

const error = problem.extend({ code: z.enum(Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]) });

const failure = z.strictObject({ apiVersion: z.literal("bowline/v1"), errors: z.array(error).min(1) });

const codeReference = z.strictObject({
  connection: text.optional(),
  url: text,
  redirectedTo: text.optional(),
  revision: text.optional(),
  ref: z.string().startsWith("refs/").optional(),
  commit,
  tree: commit,
  author: z.strictObject({ name: z.string(), email: z.string() }),
  date: time,
  subject: z.string(),
  path: z.string().startsWith("/"),
  submodules: z
    .array(z.strictObject({ path: text, url: text, commit }))
    .min(1)
    .optional(),
  by: z.enum(["engine", "handler"]),
  history: z.union([count, z.enum(["commits", "full"])]),
  bytes: count,
  cache: z.enum(["hit", "objects", "wait", "miss"]),
  timings: z.strictObject({ resolve: count, fetch: count, checkout: count, copy: count }),
  at: time,
});

/** Of a step whose code is not in place: what is known since its commit was pinned. */
const pinnedReference = codeReference
  .pick({ connection: true, url: true, redirectedTo: true, revision: true, ref: true, commit: true, history: true })
  .strict();

const status = z.enum([
  "created",
  "compiled",
  "queued",
  "scheduled",
  "starting",
  "running",
  "stopping",
  "succeeded",
  "failed",
  "stopped",
  "skipped",
]);

const runRecord = z.strictObject({
  apiVersion: z.literal("bowline/v1"),
  uuid,
  name: text,
  kind: z.enum(["job", "service"]),
  executor: z.enum(["process", "docker", "kubernetes"]),
  status,
  reason: text.optional(),
  message: text.optional(),
  exitCode: count.optional(),
  createdAt: time,
  startedAt: time.optional(),
  finishedAt: time.optional(),
  statuses: z.array(z.strictObject({ status, at: time, reason: text.optional(), message: text.optional() })).min(1),
  codeReferences: z.array(z.union([codeReference, pinnedReference])),
  warnings: z.array(problem).min(1).optional(),
  errors: z.array(error).min(1).optional(),
  logs: z.array(text).min(1).optional(),
  restartOf: uuid.optional(),
});

/** `{"apiVersion", "errors"}`. */
export function checkFailure(value: unknown): z.infer<typeof failure> {
  return failure.parse(value);
}

export function checkCodeReference(value: unknown): z.infer<typeof codeReference> {
  return codeReference.parse(value);
}

export function checkRunRecord(value: unknown): z.infer<typeof runRecord> {
  return runRecord.parse(value);
}

/** `{"apiVersion", "plan", "warnings"}`, without the last where there are none. */
export function checkChecked(value: unknown): {
  plan: Record<string, unknown>;
  warnings?: z.infer<typeof problem>[] | undefined;
} {
  const plan = z.looseObject({ apiVersion: z.literal("bowline/v1") });
  return z.strictObject({ apiVersion: z.literal("bowline/v1"), plan, warnings: runRecord.shape.warnings }).parse(value);
}

/** No null anywhere: what is unknown is absent. */
export function checkNoNull(value: unknown): void {
  JSON.stringify(value, (key, each: unknown) => {
    if (each === null) throw new Error(`"${key}" is null`);
    return each;
  });
}
