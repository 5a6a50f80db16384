import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { statedPorts } from "../../resources/ports";
import { handlersOf, probesOf } from "../../resources/probes";
import { type Container, literalOf, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

/** The port of an analytics service that never existed, to which tests and URLs still pointed. */
const RETIRED_PORT = 8002;
const MENTION = new RegExp(`^${RETIRED_PORT}$|:${RETIRED_PORT}(?![0-9a-z])`, "i");

export const servicePort8002 = resourceRule({
  name: "service-port-8002",
  info: "No workload listens on port 8002 or refers to it.",
  why: "The analytics service that tests and URLs expected there never existed: requests to it hang.",
  severity: "medium",
  convention: "whole",
  remediation: "Set the port of the intended service, or remove the setting.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, attempt }) {
    const because = "no service was ever there and whatever points to it hangs";
    for (const container of workloadOf(resource)?.containers ?? []) {
      for (const setting of attempt(() => portSettings(container)) ?? [])
        refuse(
          problem({
            setting,
            value: RETIRED_PORT,
            must: `not be ${RETIRED_PORT}`,
            because,
            fix: "the port the application listens on",
          }),
        );
      for (const variable of attempt(() => container.variables) ?? [])
        attempt(() => {
          // An unknown value comes from another resource, and none of those has this port.
          const value = variable.inputs.isUnknown("value") ? undefined : literalOf(variable);
          if (value && MENTION.test(value.trim()))
            refuse(
              problem({
                setting: variable.setting,
                must: `not name port ${RETIRED_PORT}`,
                because,
                fix: "a service that exists, or remove it",
              }),
            );
        });
    }
  },
});

/** The settings in which the container states ports: its own, and those of its probes. */
function portSettings(container: Container): string[] {
  const handlers = probesOf(container).flatMap(({ probe }) => handlersOf(probe).map(({ inputs }) => inputs));
  return [
    ...statedPorts(container).map((port) => ({ port, key: "containerPort" })),
    ...handlers.map((port) => ({ port, key: "port" })),
  ].flatMap(({ port, key }) => (port.number(key) === RETIRED_PORT ? [port.at(key)] : []));
}
