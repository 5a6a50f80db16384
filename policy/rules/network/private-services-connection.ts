import { usesPrivateServices } from "../../../capacity/constraints/redis";
import { problem } from "../../../capacity/problem";
import {
  GLOBAL_ADDRESS,
  REDIS,
  SECRET_VERSION,
  SERVICES_CONNECTION,
  SQL_INSTANCE,
} from "../../../config/resource-types";
import { type StackContext, type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { mayBeSame, mayName, namedBy } from "../../resources/cloud-name";
import { dependenciesOf } from "../../resources/dependencies";
import { cacheNetwork, databaseNetwork, networkOf, networkPath } from "../../resources/networks";
import { referredBy } from "../../resources/references";

export const privateServicesConnection = stackRule({
  name: "private-services-connection",
  info: "A network's services connection peers ranges of that network, and every instance with an address in them depends on it.",
  why: "No preview relates them: Google refuses the connection, or the instance finds no range, and the first up succeeds only by chance.",
  severity: "high",
  remediation:
    "Name ranges of the connection's network in reservedPeeringRanges, and add the connection to the instance's dependsOn.",
  judge(resources, context) {
    const connections = ofTypes(resources, SERVICES_CONNECTION);
    const peered = new Map(
      connections.map((connection) => [
        connection,
        referredBy(connection, "reservedPeeringRanges", [GLOBAL_ADDRESS], resources).resources,
      ]),
    );
    for (const connection of connections)
      context.attempt(connection, () => judgeRanges(connection, peered, resources, context));
    for (const instance of connections.length > 0 ? resources : [])
      context.attempt(instance, () => {
        const near = connectionsOf(instance, connections);
        if (near.length === 0 || near.some((connection) => mayPrecede(connection, instance, resources))) return;
        const names = near.map(({ name }) => name).join(" or ");
        const because = "it finds no range for its private address before the services connection stands";
        context.refuse(
          problem({
            setting: "dependsOn",
            must: `include ${names}`,
            because,
            instead: `add ${names} to the instance's 'dependsOn'`,
          }),
          instance,
        );
      });
  },
});

/** The stack's connections of the network in which an instance will get an address. */
function connectionsOf(instance: StackResource, connections: readonly StackResource[]): StackResource[] {
  const known = instance.properties.knownOnly();
  const isOfServices = instance.type === REDIS && usesPrivateServices({ connectMode: known.choice("connectMode") });
  if (known.text("privateIpAddress") || known.text("host") || (instance.type !== SQL_INSTANCE && !isOfServices))
    return [];
  const network = (isOfServices ? cacheNetwork : databaseNetwork)(instance)?.network;
  return connections.filter((connection) => {
    const other = networkOf(connection, connection.properties.knownOnly().text("network"));
    return network && other && mayBeSame(network, other);
  });
}

function mayPrecede(connection: StackResource, instance: StackResource, resources: readonly StackResource[]): boolean {
  if (dependenciesOf(instance, [SERVICES_CONNECTION]).includes(connection)) return true;
  // A version whose secret is unknown refers to a resource. Without any reference, relations are not recorded, only the
  // order of registration is.
  const areUnrecorded = resources.some(
    ({ type, properties, dependencies }) =>
      type === SECRET_VERSION && properties.isUnknown("secret") && dependencies.length === 0,
  );
  return areUnrecorded && connection.position < instance.position;
}

/**
 * Ranges of another network or purpose, and names that no range of the stack has while one of its ranges is not peered.
 */
function judgeRanges(
  connection: StackResource,
  peered: ReadonlyMap<StackResource, readonly StackResource[]>,
  resources: readonly StackResource[],
  { refuse }: StackContext<object>,
) {
  const known = connection.properties.knownOnly();
  const network = networkOf(connection, known.text("network"));
  const isNear = (range: StackResource) => {
    const other = networkOf(range, range.properties.knownOnly().text("network"));
    return !network || !other || mayBeSame(network, other);
  };
  const free = resources.find(
    (range) => isForServices(range) && isNear(range) && ![...peered.values()].flat().includes(range),
  );
  const fix = free ? rangeName(free) : `the name of a range of ${network ? networkPath(network) : "its network"}`;
  const wrong = (value: string, must: string, because: string) =>
    refuse(
      problem({ setting: connection.properties.at("reservedPeeringRanges"), value, must, because, fix }),
      connection,
    );
  for (const range of peered.get(connection) ?? [])
    if (!isForServices(range))
      wrong(
        rangeName(range),
        "name a range with purpose VPC_PEERING",
        "Google peers no address that is reserved for something else",
      );
    else if (!isNear(range))
      wrong(
        rangeName(range),
        "name a range of the connection's own network",
        "that one is reserved in another network",
      );
  for (const text of free ? known.texts("reservedPeeringRanges") : []) {
    const named = namedBy(connection, text, "addresses");
    if (named && !resources.some((other) => other.type === GLOBAL_ADDRESS && mayName(named, other)))
      wrong(text, "name a range of this stack", `it has none of that name, and nothing peers ${fix}`);
  }
}

const isForServices = ({ type, properties }: StackResource) =>
  type === GLOBAL_ADDRESS && properties.knownOnly().choice("purpose") === "VPC_PEERING";
const rangeName = (range: StackResource) => range.properties.knownOnly().text("name") || range.name;
