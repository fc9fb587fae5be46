import * as z from "zod";
import type { ErrorCode } from "../lib/index.ts";

/** Building blocks of the config's schema. All of them are functions: what is never called is never made. */

/** A text that is not empty. */
export function text(description: string): z.ZodString {
  return z.string().min(1).describe(description);
}

/** What is wrong with a value, in the words of a problem. */
export interface Fault {
  message: string;
  hint: string;
  code?: ErrorCode;
}

/** A text that must pass a check of its own. */
export function checkedText(description: string, faultOf: (value: string) => Fault | undefined): z.ZodString {
  return text(description).superRefine((value, context) => report(context, faultOf(value)));
}

/** Adds the fault to the problems, at the value or at its key. */
export function report(context: z.RefinementCtx, fault: Fault | undefined, path: PropertyKey[] = []): void {
  if (fault === undefined) return;
  const { message, ...params } = fault;
  context.addIssue({ code: "custom", message, params, path });
}
