/**
 * Every error a user can meet: its stable code, the exit code that follows from it and what it means.
 * The reference page of the docs is printed from this table, so each meaning is a sentence for a reader.
 */
export const ERROR_CODES = {
  // 1: the run did not succeed, or this machine is full
  RUN_FAILED: { exit: 1, meaning: "the job ended with an exit code other than 0" },
  RUN_STOPPED: { exit: 1, meaning: "the run was stopped" },
  RUN_UNSCHEDULABLE: { exit: 1, meaning: "no node of the cluster can take the run" },
  RUN_LOST: { exit: 1, meaning: "the process that watched over the run is gone, and with it the run" },
  DISK_FULL: { exit: 1, meaning: "no space left where Bowline must write" },
  DISK_NOT_WRITABLE: { exit: 1, meaning: "a folder that Bowline must write to cannot be written" },
  SYSTEM_LIMIT: {
    exit: 1,
    meaning: "this machine gives no more processes, open files or memory, or has ended git",
  },
  IMAGE_NOT_PULLED: { exit: 1, meaning: "an image of the run is not there and cannot be pulled" },
  RUN_STORE_BUSY: { exit: 1, meaning: "another process keeps the run store locked" },
  RUN_STORE_DAMAGED: { exit: 1, meaning: "the file that holds the runs is damaged" },
  // 2: usage, an invalid file or catalog, policy
  USAGE: { exit: 2, meaning: "the command line cannot be understood" },
  FILE_NOT_READ: { exit: 2, meaning: "a file that was named cannot be read" },
  YAML_INVALID: { exit: 2, meaning: "the text is not YAML" },
  FIELD_UNKNOWN: { exit: 2, meaning: "a key that is not known at this place" },
  FIELD_DUPLICATE: { exit: 2, meaning: "the same key twice in one map" },
  FIELD_MISSING: { exit: 2, meaning: "a key that must be there is not" },
  FIELD_INVALID: { exit: 2, meaning: "a value of the wrong type or form" },
  NOT_SUPPORTED: { exit: 2, meaning: "Polyaxon has this, Bowline does not run it" },
  VERSION_UNSUPPORTED: { exit: 2, meaning: "a version of a file or record that is not read here" },
  TEMPLATE_INVALID: { exit: 2, meaning: "a template that cannot be rendered" },
  PARAM_INVALID: { exit: 2, meaning: "a param that does not fit its input" },
  CONTAINER_MISSING: { exit: 2, meaning: "the run has nothing to run" },
  PATH_CONFLICT: { exit: 2, meaning: "two init steps would land in one folder" },
  PATH_INVALID: { exit: 2, meaning: "a path that cannot be used, or leaves its folder" },
  CONFIG_INVALID: { exit: 2, meaning: "the config, or a connection in it, is not valid" },
  CONFIG_UNTRUSTED: { exit: 2, meaning: "a config that was found, not named, asks for more than it may" },
  POLICY_REFUSED: { exit: 2, meaning: "the policy of the config forbids it" },
  PLAIN_HTTP_REFUSED: { exit: 2, meaning: "a credential would go over plain http" },
  SECRET_INVALID: { exit: 2, meaning: "a secret does not hold what its use needs" },
  SECRETS_UNREADABLE: {
    exit: 2,
    meaning: "the stored secrets cannot be decrypted: the key file is lost, wrong or damaged",
  },
  GIT_URL_INVALID: { exit: 2, meaning: "a url that git must not be given" },
  GIT_REVISION_INVALID: { exit: 2, meaning: "a text that cannot name a revision" },
  GIT_REVISION_AMBIGUOUS: { exit: 2, meaning: "a short commit that more than one commit begins with" },
  GIT_FLAG_INVALID: { exit: 2, meaning: "a git flag that is not on the allow-list" },
  GIT_CONTENT_REFUSED: { exit: 2, meaning: "the repository holds what must not be written to this machine" },
  GIT_SUBMODULE_INVALID: { exit: 2, meaning: "a submodule that .gitmodules does not describe" },
  GIT_TOO_LARGE: { exit: 2, meaning: "the repository is larger than the policy, or the memory of git, allows" },
  GIT_MISSING: { exit: 2, meaning: "git, or a part of it that is needed, is absent or too old" },
  CLUSTER_REFUSED: {
    exit: 2,
    meaning: "the cluster does not admit an object of the run: quota, admission policy, a field",
  },
  // 3: not found
  CONNECTION_NOT_FOUND: { exit: 3, meaning: "no connection of this name is in the catalog" },
  SECRET_NOT_FOUND: { exit: 3, meaning: "no such secret, or no such key in it" },
  RUN_NOT_FOUND: { exit: 3, meaning: "no run has this uuid" },
  GIT_REVISION_NOT_FOUND: { exit: 3, meaning: "the server has no such branch, tag or commit" },
  GIT_REPOSITORY_NOT_FOUND: { exit: 3, meaning: "the server has no such repository, or shows it to others only" },
  // 4: refused
  GIT_CREDENTIAL_MISSING: { exit: 4, meaning: "the server asks for a credential and there is none for this url" },
  GIT_CREDENTIAL_REFUSED: { exit: 4, meaning: "the server does not accept the credential" },
  GIT_ACCESS_DENIED: { exit: 4, meaning: "the credential is known but not allowed to read this repository" },
  SSH_HOST_KEY_UNKNOWN: { exit: 4, meaning: "the ssh server's host key is not in known_hosts" },
  SSH_HOST_KEY_CHANGED: { exit: 4, meaning: "the ssh server shows another host key than known_hosts has" },
  SSH_USER_UNKNOWN: { exit: 4, meaning: "ssh refuses to work for a user id that the system has no name for" },
  SSH_KEY_INVALID: { exit: 4, meaning: "the ssh key cannot be read: damaged, or its passphrase is missing or wrong" },
  CLUSTER_FORBIDDEN: { exit: 4, meaning: "the cluster does not let this user do it" },
  // 5: not reached
  HOST_NOT_FOUND: { exit: 5, meaning: "the host's name cannot be resolved" },
  HOST_REFUSED: { exit: 5, meaning: "the host refuses the connection, or ends it" },
  HOST_TIMEOUT: { exit: 5, meaning: "the host does not answer, or stops sending, within its time" },
  TLS_FAILED: { exit: 5, meaning: "the server's certificate or its TLS is not acceptable" },
  PROXY_FAILED: { exit: 5, meaning: "the proxy does not let the connection through" },
  REDIRECT_REFUSED: { exit: 5, meaning: "the server redirects to a place the credential must not go to" },
  HOST_BUSY: { exit: 5, meaning: "the server answers 429 or 5xx, also after retries" },
  GIT_PROTOCOL: { exit: 5, meaning: "the server does not speak git, or breaks its protocol" },
  LFS_FAILED: { exit: 5, meaning: "the LFS server does not give an object that the commit needs" },
  EXECUTOR_ABSENT: { exit: 5, meaning: "the executor is not there or cannot be reached" },
  // the rest
  INTERNAL: { exit: 70, meaning: "a bug in Bowline" },
  RUN_TIMEOUT: { exit: 124, meaning: "the run took longer than its timeout" },
  INTERRUPTED: { exit: 130, meaning: "interrupted by the user" },
} as const satisfies Record<string, { exit: number; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
