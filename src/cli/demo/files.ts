/** The catalog of the demo. */
export function catalog(url: string): string {
  return `# The catalog: each repository is named once, with the secret that opens it.
connections:
  - name: train
    kind: git
    description: Training code, private
    schema: {url: ${url}/team/train}
    secret: {name: demo-git}
  - name: data
    kind: git
    description: Numbers to train on, private, opened by the same secret
    schema: {url: ${url}/team/data}
    secret: {name: demo-git}
  - name: hello
    kind: git
    description: Public, so without a secret
    schema: {url: ${url}/public/hello}
`;
}

/** The three polyaxonfiles by name; the last asks for the first of the public repository's commits. */
export function polyaxonfiles([first]: readonly string[]): Record<string, string> {
  return {
    "one-private.yaml": `# One private repository, at a branch.
version: 1.1
kind: component
name: one-private
run:
  kind: job
  init:
    - connection: train
      git: {revision: longer}
  container:
    command: [sh, train.sh]
`,
    "two-private.yaml": `# Two private repositories, opened by one secret.
version: 1.1
kind: component
name: two-private
run:
  kind: job
  init:
    - connection: train
    - connection: data
  container:
    workingDir: "{{ globals.artifacts_path }}"
    command: [sh, train/train.sh, data/numbers.txt]
`,
    "one-public.yaml": `# One public repository, at a commit that is no longer the newest.
version: 1.1
kind: component
name: one-public
run:
  kind: job
  init:
    - connection: hello
      git: {revision: ${first}}
  container:
    command: [sh, hello.sh]
`,
  };
}
