import type { Credential } from "../../connections/index.ts";

/** A file that git or ssh reads in a job. */
export interface JobFile {
  /** Below `folder`. */
  name: string;
  mode: number;
  content: string;
}

/** One prefix of urls and the credential for it; file names carry the number. */
export interface JobScope {
  prefix: string;
  credential: Credential;
  number: number;
}
