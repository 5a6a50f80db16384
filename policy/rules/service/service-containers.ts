import { portProblems } from "../../../capacity/constraints/cloudrun";
import { problem } from "../../../capacity/problem";
import { RUN_SERVICE, RUN_SERVICE_V1 } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { orderProblems } from "../../resources/container-order";
import { ingressContainers, statedPorts } from "../../resources/ports";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const serviceContainers = resourceRule({
  name: "service-containers",
  info: "A workload has a container, a service has exactly one that takes requests, every mount names a volume, and every container that others depend on has a start-up probe.",
  why: "The preview accepts a service without a container, with two ports, with port 70000, with a mount without a volume or with a cycle in dependsOns; Google refuses it at the deploy.",
  severity: "medium",
  remediation:
    "Give the workload a container, state one containerPort from 1 to 65535, declare every volume that is mounted, and give every container in dependsOns a startupProbe.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, cannotEvaluate, attempt }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const { pod, containers } = workload;
    const wrong = (setting: string, value: unknown, must: string, because: string, fix: string) =>
      refuse(problem({ setting, value, must, because, fix }));
    if (containers.length === 0)
      wrong(
        pod.at("containers"),
        containers.length,
        "have at least one container",
        "there is nothing to run otherwise",
        "a container with an image",
      );
    if (pod.has("sandboxes"))
      cannotEvaluate(`'${pod.at("sandboxes")}' runs further containers, which this pack does not read; remove it`);
    for (const container of containers)
      attempt(() => {
        const ports = statedPorts(container);
        if (ports.length > 1)
          wrong(
            container.inputs.at("ports"),
            `${ports.length} ports`,
            "have one port",
            "Cloud Run sends requests to one port",
            "the one that takes requests",
          );
        for (const port of ports) {
          const number = port.number("containerPort");
          if (number !== undefined) refuse(...portProblems(number, port.at("containerPort")));
        }
      });
    attempt(() => {
      const serving = ingressContainers(workload).length;
      if (containers.length > 0 && serving !== 1 && (resource.type === RUN_SERVICE || resource.type === RUN_SERVICE_V1))
        wrong(
          pod.at("containers"),
          `${serving} of ${containers.length} with ports`,
          "have exactly one container with ports",
          "Cloud Run sends requests to one container, and the others are its sidecars",
          "one container with ports",
        );
    });
    attempt(() => refuse(...orderProblems(workload)));
    attempt(() => {
      const volumes = pod.list("volumes").flatMap((volume) => volume.text("name") || []);
      for (const { inputs } of containers)
        for (const mount of inputs.list("volumeMounts")) {
          const name = mount.text("name");
          if (!name || !volumes.includes(name))
            wrong(
              mount.at("name"),
              name,
              "be the name of a volume",
              `'${pod.at("volumes")}' has none of that name`,
              volumes.join(" or ") || "a volume's name",
            );
        }
    });
  },
});
