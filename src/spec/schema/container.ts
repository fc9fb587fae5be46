import * as z from "zod";
import { carriedList, carriedMap, flag, text, textList } from "./parts.ts";

const envVar = z.lazy(() =>
  z
    .strictObject({
      name: z
        .string()
        .regex(/^[^=\0]+$/)
        .meta({ description: "Name of the variable." }),
      value: z.string().optional().meta({ description: "Its value; a number or boolean counts as it is written." }),
      valueFrom: carriedMap("Kubernetes' source of a value: fieldRef, secretKeyRef, configMapKeyRef.").optional(),
    })
    .meta({ id: "envVar", description: "One environment variable, as Kubernetes has it." }),
);

/** A container as Kubernetes has it: what Bowline reads is typed, the rest is carried. */
export const container = z.lazy(() =>
  z
    .strictObject({
      name: text("Name of the container: lower-case letters, digits and hyphens.").optional(),
      image: text("Image to run. The process executor does not need one.", ["python:3.12"]).optional(),
      command: textList("The program and its first arguments, one entry each; no shell is involved.").optional(),
      args: textList("More arguments, after `command` or the image's entrypoint.").optional(),
      workingDir: text(
        "Where the command starts. Relative: inside the repository, when there is exactly one. Unset: that repository.",
      ).optional(),
      env: z.array(envVar).meta({ description: "Environment variables of this container." }).optional(),
      envFrom: carriedList("Kubernetes' sources of many variables: secretRef, configMapRef.").optional(),
      resources: carriedMap("Kubernetes' requests and limits: cpu, memory, nvidia.com/gpu.").optional(),
      volumeMounts: carriedList("Where volumes of `run.volumes` are mounted.").optional(),
      volumeDevices: carriedList("Block devices of volumes.").optional(),
      ports: carriedList(
        "Ports of this container, as Kubernetes has them; a service's ports are `run.ports`.",
      ).optional(),
      imagePullPolicy: z
        .enum(["Always", "IfNotPresent", "Never"])
        .meta({ description: "When the image is pulled." })
        .optional(),
      securityContext: carriedMap(
        "Kubernetes' security settings of this container: runAsUser, capabilities.",
      ).optional(),
      livenessProbe: carriedMap("Kubernetes' check that restarts the container.").optional(),
      readinessProbe: carriedMap("Kubernetes' check that a service can be sent requests.").optional(),
      startupProbe: carriedMap("Kubernetes' check that the container has started.").optional(),
      lifecycle: carriedMap("Kubernetes' postStart and preStop.").optional(),
      terminationMessagePath: text("File of the container's last words.").optional(),
      terminationMessagePolicy: z
        .enum(["File", "FallbackToLogsOnError"])
        .meta({ description: "Where the container's last words come from." })
        .optional(),
      restartPolicy: text("Kubernetes' restart policy of one init container.").optional(),
      resizePolicy: carriedList("Kubernetes' policy for resizing resources.").optional(),
      stdin: flag("Keep standard input open (Kubernetes).").optional(),
      stdinOnce: flag("Close standard input after the first client (Kubernetes).").optional(),
      tty: flag("Give the container a terminal (Kubernetes).").optional(),
    })
    .meta({ id: "container", description: "A container as Kubernetes has it." }),
);
