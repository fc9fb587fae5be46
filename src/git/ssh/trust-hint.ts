/** How a user makes a host's key known. */
export function trustHint(connection: string | undefined): string {
  return connection === undefined
    ? 'put the host\'s lines into the key "known_hosts" of the secret that is used for this url'
    : `run "bowline connections trust ${connection}": it shows the key's fingerprint and keeps it`;
}
