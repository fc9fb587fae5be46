// A JSON Schema as a page for people: a table of every key, with its type and meaning; shared parts get a section each.

/** Markdown for one schema. */
export function schemaPage({ schema, title, introduction }) {
  const parts = [`# ${title}`, introduction, ...(schema.properties ? [tableOf(schema)] : [])];
  for (const [name, part] of Object.entries(schema.$defs ?? {})) {
    parts.push(`## ${name}`, ...(part.description ? [part.description] : []), tableOf(part));
  }
  return `${parts.join("\n\n")}\n`;
}

function tableOf(schema) {
  const rows = new Map();
  collect(schema, { path: "", rows, required: false });
  const lines = [...rows].map(([path, { types, required, description }]) => {
    const cells = [`\`${path}\`${required ? " (must)" : ""}`, shownTypes(types), description];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return ["| key | value | meaning |", "| --- | --- | --- |", ...lines].join("\n");
}

/** A text may be written as a number or a boolean, which keeps its spelling; any field may be left empty. */
function shownTypes(types) {
  const isText = types.has("text") && types.has("number") && types.has("true or false");
  // `yes`, `on` and their like.
  const isSwitch = types.has("true or false") && types.has("word");
  const left = ["null", ...(isText ? ["number", "true or false"] : []), ...(isSwitch ? ["word"] : [])];
  return [...types].filter((type) => !left.includes(type)).join(", ");
}

/** One row for each path; the forms that a value may have are told as one row. */
function collect(schema, { path, rows, required }) {
  if (path !== "") addRow(schema, { path, rows, required });
  for (const form of formsOf(schema)) {
    if (form !== schema) collect(form, { path: "", rows: prefixed(rows, path), required: false });
  }
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const must = schema.required?.includes(key) ?? false;
    collect(value, { path: path === "" ? key : `${path}.${key}`, rows, required: must });
  }
  if (isMap(schema.items)) collectBelow(schema.items, { path: `${path}[]`, rows });
  if (isMap(schema.additionalProperties)) collectBelow(schema.additionalProperties, { path: `${path}.*`, rows });
}

/** What is in a list or a map has no row of its own, only its keys have. */
function collectBelow(schema, { path, rows }) {
  collect(schema, { path: "", rows: prefixed(rows, path), required: false });
}

/** A view on the rows from further in. */
function prefixed(rows, prefix) {
  const full = (path) => (prefix === "" || path === "" ? prefix + path : `${prefix}.${path}`);
  return { get: (path) => rows.get(full(path)), set: (path, row) => rows.set(full(path), row) };
}

function addRow(schema, { path, rows, required }) {
  const row = rows.get(path) ?? { types: new Set(), required, description: "" };
  for (const type of typesOf(schema)) row.types.add(type);
  row.required &&= required;
  row.description ||= (schema.description ?? "").replaceAll("\n", " ");
  rows.set(path, row);
}

function typesOf(schema) {
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return [`[${name}](#${name.toLowerCase()})`];
  }
  if (schema.const !== undefined) return [`\`${schema.const}\``];
  if (schema.enum) return schema.enum.length > 8 ? ["word"] : schema.enum.map((word) => `\`${word}\``);
  const forms = formsOf(schema);
  if (!forms.includes(schema)) return forms.flatMap(typesOf);
  const words = { string: "text", integer: "number", array: "list", object: "map", boolean: "true or false" };
  if (schema.type === "array" && isMap(schema.items)) {
    const inner = [...new Set(typesOf(schema.items))].filter((type) => type !== "anything");
    const shown = inner.includes("text") ? ["text"] : inner;
    return [shown.length === 0 ? "list" : `list of ${shown.join(" or ")}`];
  }
  return [schema.type ?? []]
    .flat()
    .map((type) => words[type] ?? type)
    .concat(schema.type ? [] : ["anything"]);
}

function formsOf(schema) {
  return schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [schema];
}

function isMap(value) {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}
