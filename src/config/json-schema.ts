import * as z from "zod";
import { anyConfigSchema } from "./config-schema.ts";

/** The JSON Schema of the config file: every key with a description; keys of other tools are allowed at the top. */
export function jsonSchemaOfConfig(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(anyConfigSchema(), { io: "input", unrepresentable: "any" });
  return {
    $schema,
    title: "Bowline config",
    description: "bowline.yaml: the catalog of connections, and how this machine runs jobs.",
    ...schema,
    additionalProperties: true,
  };
}
