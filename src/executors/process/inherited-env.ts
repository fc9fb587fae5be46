/** What a job inherits from whoever runs Bowline: where programs are and how a person reads, nothing that could let it in anywhere. */
const NAMES = new Set([
  ...["PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TERM"],
  // Virtual environments
  ...["VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_EXE", "CONDA_PYTHON_EXE", "CONDA_SHLVL"],
  ...["MAMBA_EXE", "MAMBA_ROOT_PREFIX", "PYENV_ROOT", "PYENV_VERSION", "PYENV_VIRTUAL_ENV"],
  // GPUs
  ...["CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"],
  ...["NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"],
  // Proxies, in both of the forms programs look for
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"],
]);

/** Used when whoever runs Bowline has none. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The part of an environment that a job gets; `more` are the names of the config's `inheritEnv`. */
export function inheritedEnv(env: Readonly<NodeJS.ProcessEnv>, more: readonly string[] = []): Record<string, string> {
  const inherited: Record<string, string> = { PATH: DEFAULT_PATH };
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (NAMES.has(name) || name.startsWith("LC_") || more.includes(name)) inherited[name] = value;
  }
  return inherited;
}
