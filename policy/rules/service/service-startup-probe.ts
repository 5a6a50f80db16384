import { startupWindowProblems } from "../../../capacity/constraints/cloudrun";
import { databaseVariables, startSeconds } from "../../../capacity/plan";
import { problem } from "../../../capacity/problem";
import { RUN_SERVICE, RUN_SERVICE_V1 } from "../../../config/resource-types";
import { MalformedValueError } from "../../framework/inputs";
import { resourceRule } from "../../framework/rule";
import { databaseContainers } from "../../resources/database-containers";
import { neutralInitTimeoutSeconds } from "../../resources/defaults";
import { ingressContainers, ingressPort } from "../../resources/ports";
import { handlersOf, probeTiming } from "../../resources/probes";
import { neutralStart } from "../../resources/start-behaviour";
import { type Container, literalOf, workloadOf } from "../../resources/workload";

export const serviceStartupProbe = resourceRule<{
  services: Readonly<Record<string, number>>;
  bootSeconds: number;
  initTimeoutSeconds: number;
}>({
  name: "service-startup-probe",
  info: "A service has an HTTP or gRPC start-up probe with a window that covers boot and database initialisation and that Cloud Run allows.",
  why: "The default TCP probe passes as soon as gunicorn listens, before the application is ready, and requests hang; a short window kills the container while it still initialises.",
  severity: "high",
  remediation:
    "Set startupProbe.httpGet or grpc, and periodSeconds x failureThreshold to cover boot plus DB_INIT_TIMEOUT_SECONDS.",
  types: [RUN_SERVICE, RUN_SERVICE_V1],
  config: {
    services: {
      type: "object",
      additionalProperties: { type: "number", minimum: 0 },
      description:
        "Seconds from container start to the first database connect (or to ready, without a database), by the service's Cloud Run name.",
      default: {},
      fromPlan: ({ services }) =>
        Object.fromEntries(Object.values(services).map(({ name, bootSeconds }) => [name, bootSeconds])),
    },
    bootSeconds: {
      type: "number",
      minimum: 0,
      description: "The same for a service that is not named.",
      default: neutralStart.bootSeconds,
    },
    initTimeoutSeconds: {
      type: "number",
      minimum: 0,
      description: "Seconds of database initialisation where a container that uses the database does not state them.",
      default: neutralInitTimeoutSeconds,
    },
  },
  judge(resource, { config, refuse, attempt }) {
    const workload = workloadOf(resource);
    for (const container of workload ? ingressContainers(workload) : [])
      attempt(() => {
        const probe = container.inputs.object("startupProbe");
        const [handler] = handlersOf(probe);
        if (handlersOf(probe).every(({ kind }) => kind === "tcpSocket"))
          return refuse(
            problem({
              setting: probe.path,
              value: handler?.kind ?? (container.inputs.has("startupProbe") ? "without a handler" : undefined),
              must: "be an HTTP or gRPC probe",
              cause: "tcp-probe",
              because:
                "only an answer of the application shows that it is there: the default TCP probe passes as soon as the server listens, and traffic hangs",
              fix: `httpGet with the path and port (${ingressPort(container)}) of the health endpoint`,
            }),
          );
        const usesDatabase = workload !== undefined && databaseContainers(workload).includes(container);
        const initTimeoutSeconds = statedInitTimeout(container) ?? (usesDatabase ? config.initTimeoutSeconds : 0);
        const bootSeconds =
          (workload && new Map(Object.entries(config.services)).get(workload.label)) ?? config.bootSeconds;
        const needed = startSeconds({ bootSeconds, database: { initTimeoutSeconds } });
        refuse(...startupWindowProblems(probeTiming(probe), needed, (field) => probe.at(field), hasGpu(container)));
      });
  },
});

const hasGpu = ({ inputs }: Container) => inputs.object("resources").object("limits").has("nvidia.com/gpu");

function statedInitTimeout(container: Container): number | undefined {
  const variable = container.variables.find(({ name }) => name === databaseVariables.initTimeoutSeconds);
  const text = variable && literalOf(variable);
  if (text === undefined) return undefined;
  if (!/^\s*\d+(\.\d+)?\s*$/.test(text))
    throw new MalformedValueError(`${variable?.setting} must be a number of seconds`);
  return Number(text);
}
