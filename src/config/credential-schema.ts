import * as z from "zod";
import { scopeOfMatch } from "../connections/index.ts";
import { BowlineError } from "../lib/index.ts";
import { authSchema, providerSchema, proxySchema, resourceSchema } from "./connection-schema.ts";
import { checkedText, report, text } from "./fields.ts";

/** One entry of `credentials:`. */
export function credentialSchema() {
  const environment = z.strictObject({ env: text("The environment variable that holds the credential.") });
  const file = z.strictObject({ file: text("The file that holds the credential, seen from the config's folder.") });
  return z
    .strictObject({
      match: checkedText("A url prefix, as https://HOST/TEAM/; the longest match wins.", (match) => {
        try {
          scopeOfMatch(match);
          return undefined;
        } catch (error) {
          if (error instanceof BowlineError) return error.problems[0];
          throw error;
        }
      }),
      secret: resourceSchema("secret").optional(),
      from: z
        .union([z.literal("git"), environment, file])
        .describe("Where the credential is instead of in a secret: the user's own git (`git`), a variable, or a file.")
        .optional(),
      provider: providerSchema().optional(),
      auth: authSchema().optional(),
      username: text("The user name that goes with a bare token.").optional(),
      proxy: proxySchema().optional(),
    })
    .describe("The credential of everything below a url prefix.")
    .superRefine(({ secret, from, proxy }, context) => {
      if (secret !== undefined && from !== undefined) {
        const hint = "keep one of the two; a second entry can serve another prefix";
        report(context, { message: '"secret" and "from" cannot stand in one entry', hint }, ["from"]);
      }
      if (secret === undefined && from === undefined && proxy === undefined) {
        const hint = "write `secret: {name: …}`, or `from: git`";
        report(context, { code: "FIELD_MISSING", message: 'the entry has no "secret" and no "from"', hint });
      }
    });
}
