import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileText } from "./compile-text.ts";

const FOLDER = join(import.meta.dirname, "broken");

/** Mistakes that people make: for each file its errors, as code and place, and what to do. */
const BROKEN: [string, [string, string][]][] = [
  ["01-tab-indent.yaml", [["YAML_INVALID 2:1", "indent with spaces"]]],
  ["02-missing-colon-space.yaml", [["YAML_INVALID 2:3", "write `kind: …`"]]],
  [
    "03-unclosed-quote.yaml",
    [
      [
        "YAML_INVALID 4:15",
        "close what was opened: a quote, a bracket, a brace, or put a colon and a space after the key",
      ],
    ],
  ],
  [
    "04-nested-colon.yaml",
    [["YAML_INVALID 1:7", 'a text that holds ": " needs quotes around it; or is the next line indented too far?']],
  ],
  ["05-wrong-indent.yaml", [["YAML_INVALID 5:6", "indent it by 4 spaces, as `image` in line 4"]]],
  ["06-unquoted-template.yaml", [["YAML_INVALID 4:17", 'put quotes around the value: "{{ name }}/more"']]],
  ["07-duplicate-key.yaml", [["FIELD_DUPLICATE 5:3", "the first one is in line 3: keep one of them"]]],
  [
    "08-dots-in-list.yaml",
    [["YAML_INVALID 4:5", "`...` stands for more in an example: leave it out, or put the rest there"]],
  ],
  [
    "09-two-documents.yaml",
    [["YAML_INVALID 2:1", "put what follows `---` into a file of its own (several files: -f one.yaml -f two.yaml)"]],
  ],
  [
    "10-unknown-alias.yaml",
    [["YAML_INVALID 4:19", 'write the anchor first ("&name" before its value), or quote a text that begins with "*"']],
  ],
  ["11-misspelled-key.yaml", [["FIELD_UNKNOWN 3:3", 'did you mean "container"?']]],
  ["12-snake-case.yaml", [["FIELD_UNKNOWN 5:5", 'did you mean "workingDir"?']]],
  ["13-singular-key.yaml", [["FIELD_UNKNOWN 4:7", 'did you mean "connection"?']]],
  ["14-branch-key.yaml", [["FIELD_UNKNOWN 5:14", 'did you mean "revision"?']]],
  [
    "15-kind-of-run.yaml",
    [["FIELD_INVALID 2:7", "write `kind: component` (or leave it out) and `run: {kind: job, …}`"]],
  ],
  ["16-run-without-kind.yaml", [["FIELD_MISSING 3:1", "write one of: job, service"]]],
  ["17-version-two.yaml", [["VERSION_UNSUPPORTED 1:10", "write `version: 1.1`"]]],
  [
    "18-command-text.yaml",
    [["FIELD_INVALID 4:14", "write a list, one entry a word: `command: [python3, model.py, --epochs, 3]`"]],
  ],
  ["19-init-map.yaml", [["FIELD_INVALID 4:5", "begin each entry with `- `"]]],
  ["20-env-map.yaml", [["FIELD_INVALID 6:7", "write each as an entry: `- {name: EPOCHS, value: …}`"]]],
  ["21-unknown-connection.yaml", [["CONNECTION_NOT_FOUND 4:19", 'did you mean "repo-test"?']]],
  ["22-main-connection.yaml", [["CONNECTION_NOT_FOUND 3:17", 'did you mean "repo-test"?']]],
  ["23-git-without-url.yaml", [["FIELD_MISSING 4:12", "write `connection: NAME`, or `git: {url: https://…}`"]]],
  ["24-same-folder.yaml", [["PATH_CONFLICT 7:24", "give one of them a `path` of its own"]]],
  ["25-token-in-url.yaml", [["GIT_URL_INVALID 4:19", "take it out of the url and put it in the connection's secret"]]],
  [
    "26-ssl-verify.yaml",
    [
      [
        "GIT_FLAG_INVALID 5:22",
        "TLS is always verified: put the certificate authority's certificate into the connection's secret, as the key `ca.crt`",
      ],
    ],
  ],
  [
    "27-revision-expression.yaml",
    [
      [
        "GIT_REVISION_INVALID 5:24",
        "name a branch, a tag, a commit, HEAD, or a full reference such as refs/heads/main",
      ],
    ],
  ],
  [
    "28-empty-container.yaml",
    [
      [
        "CONTAINER_MISSING 5:3",
        "write `container: {command: […]}`, or give the command: bowline run -f job.yaml -- COMMAND…",
      ],
    ],
  ],
  [
    "29-unknown-template-name.yaml",
    [["TEMPLATE_INVALID 4:20", 'did you mean "artifacts_path" or "run_artifacts_path"?']],
  ],
  [
    "30-template-statement.yaml",
    [
      [
        "TEMPLATE_INVALID 7:13",
        "for a flag, give the input `isFlag: true` and write `{{ params.NAME.as_arg }}`: it is `--NAME`, or nothing",
      ],
    ],
  ],
  ["31-jinja-filter.yaml", [["TEMPLATE_INVALID 6:43", "write `{{ name | default: 'x' }}`, without parentheses"]]],
  [
    "32-missing-input.yaml",
    [["PARAM_INVALID 2:13", "pass it: -P epochs=VALUE, or below `params:`, or give it a default (`value:`)"]],
  ],
  ["33-wrong-type.yaml", [["PARAM_INVALID 3:11", "write a whole number such as 3"]]],
  ["34-unexpected-param.yaml", [["PARAM_INVALID 3:3", 'did you mean "epochs"?']]],
  ["35-unknown-type.yaml", [["PARAM_INVALID 2:27", 'did you mean "int"?']]],
  [
    "36-matrix.yaml",
    [
      ["NOT_SUPPORTED 2:1", "run each combination with -P name=value"],
      ["FILE_NOT_READ 5:10", "check the path"],
    ],
  ],
  ["37-dag.yaml", [["NOT_SUPPORTED 4:9", "Bowline runs `kind: job` and `kind: service`"]]],
  ["38-hub.yaml", [["NOT_SUPPORTED 3:1", "save the component in a file and name it in `pathRef`"]]],
  [
    "39-artifacts-init.yaml",
    [["NOT_SUPPORTED 4:7", "fetch them in a container of your own: `container: {image, command}`"]],
  ],
  ["40-operation-with-run.yaml", [["FIELD_UNKNOWN 3:1", "write `kind: component`, or put it below `component:`"]]],
  [
    "41-operation-without-reference.yaml",
    [["FIELD_MISSING 1:1", "write `pathRef: ./component.yaml`, or the component itself below `component:`"]],
  ],
  ["42-component-not-there.yaml", [["FILE_NOT_READ 3:10", "check the path"]]],
  ["43-connection-file.yaml", [["FIELD_INVALID 3:1", "put it below `connections:` of the config (bowline.yaml)"]]],
  ["44-kubernetes-manifest.yaml", [["FIELD_INVALID 1:1", "secrets are read by `bowline secrets apply -f FILE`"]]],
  [
    "45-timeout-unit.yaml",
    [
      ["FIELD_INVALID 5:12", "write the seconds: `timeout: 600`"],
      ["FIELD_INVALID 6:15", "write at least 0"],
    ],
  ],
  [
    "46-container-name.yaml",
    [
      [
        "FIELD_INVALID 5:26",
        "use at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends",
      ],
    ],
  ],
  ["47-ports-text.yaml", [["FIELD_INVALID 3:10", "write a list: `ports: [8080]`"]]],
  ["48-sibling-of-run.yaml", [["FIELD_UNKNOWN 4:1", "`container` belongs below `run:`: indent it"]]],
  [
    "49-init-of-database.yaml",
    [
      [
        "NOT_SUPPORTED 4:19",
        "add `container: {image, command}` that does the work; it is given the connection's secret",
      ],
    ],
  ],
  [
    "50-leading-zero.yaml",
    [["FIELD_INVALID 5:23", "a leading zero is octal to some readers: write 10, or 0o10 for an octal one"]],
  ],
  [
    "51-older-experiment.yaml",
    [
      [
        "NOT_SUPPORTED 12:3",
        "write `kind: component` and `run: {kind: job, init: [{connection: NAME}], container: {image: …, command: [sh, -c, …]}}`; today `framework` is left out, `declarations` is `inputs: [{name, value}]`, `build_steps` belongs into the image",
      ],
    ],
  ],
  [
    "52-older-group.yaml",
    [
      [
        "NOT_SUPPORTED 6:3",
        "write `kind: component` and `run: {kind: job, init: [{connection: NAME}], container: {image: …, command: [sh, -c, …]}}`; today `hptuning` is one run for each combination: -P name=value",
      ],
    ],
  ],
  [
    "53-older-notebook.yaml",
    [
      [
        "NOT_SUPPORTED 2:7",
        "write `run: {kind: service, ports: [8888], container: {image: …, command: [jupyter, lab]}}`",
      ],
    ],
  ],
  [
    "54-older-keys-of-today.yaml",
    [
      ["FIELD_UNKNOWN 2:1", "`framework` is of Polyaxon before 1.0; today it is left out"],
      ["FIELD_UNKNOWN 3:25", "`build_steps` is of Polyaxon before 1.0; today it belongs into the image"],
      [
        "FIELD_UNKNOWN 6:3",
        "`cmd` is of Polyaxon before 1.0; today it is `container: {command: [sh, -c, …]}` below `run:`",
      ],
    ],
  ],
  [
    "55-image-build.yaml",
    [["NOT_SUPPORTED 3:1", "build the image before, name it in `container.image`, and leave `build` out"]],
  ],
  ["56-quote-twice.yaml", [["YAML_INVALID 4:17", "take one of the two quotes away"]]],
  ["57-closing-bracket.yaml", [["YAML_INVALID 10:4", 'indent the "]" further than `env`']]],
  [
    "58-preset-alone.yaml",
    [
      [
        "FIELD_MISSING 1:1",
        "pass the polyaxonfile first: `-f FILE -f PRESET`; or name the component to patch: `pathRef: ./component.yaml`",
      ],
    ],
  ],
  ["59-template-in-braces.yaml", [["YAML_INVALID 6:9", "put the whole text in quotes, or below `|-`"]]],
  [
    "60-unclosed-bracket.yaml",
    [["YAML_INVALID 5:5", 'close the list with "]", or indent its lines further than `command`']],
  ],
  ["61-indented-too-little.yaml", [["YAML_INVALID 6:6", "indent it by 6 spaces, as `connection` in line 5"]]],
  ["62-key-beside-list.yaml", [["YAML_INVALID 6:5", "indent it by 6 spaces, as `connection` in line 5"]]],
  ["63-list-out-of-line.yaml", [["YAML_INVALID 7:3", "indent it by 3 spaces, as `- connection` in line 5"]]],
  [
    "64-nothing-indented.yaml",
    [["FIELD_DUPLICATE 4:1", "the first one is in line 2: keep one of them, or indent it if it belongs below `run:`"]],
  ],
  [
    "65-dots-around-list.yaml",
    [["YAML_INVALID 4:5", "`...` stands for more in an example: leave it out, or put the rest there"]],
  ],
];

test.each(BROKEN)("%s", (name, expected) => {
  const { plan, errors } = compileText(readFileSync(join(FOLDER, name), "utf8"));
  expect(plan).toBeUndefined();
  expect(errors.map(({ code, place, hint }) => [`${code} ${place?.line}:${place?.column}`, hint])).toEqual(expected);
});

test("of very many problems a hundred are told, and how many more there are", () => {
  const { errors } = compileText(`run: {kind: job, container: {command: [x]}}\n${keys(40_000)}`);
  expect(errors).toHaveLength(101);
  expect(errors.at(-1)).toMatchObject({
    message: 'unknown key "key100"; and 39899 more problems after this one',
    place: { line: 102, column: 1 },
  });
});

function keys(count: number): string {
  return Array.from({ length: count }, (_, index) => `key${index}: ${index}\n`).join("");
}

test("every file of the folder is in the table", () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(BROKEN.map(([name]) => name));
});
