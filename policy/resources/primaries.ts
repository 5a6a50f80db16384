import { SQL_INSTANCE } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { referredBy } from "./references";

/**
 * The primaries of a read replica; empty for a primary. If the primary's name is unknown, only the outputs that the
 * instance uses show whether it has one.
 */
export function primariesOf(replica: StackResource, resources: readonly StackResource[]): readonly StackResource[] {
  const { properties, propertyDependencies } = replica;
  if (properties.isUnknown("masterInstanceName"))
    return propertyDependencies.filter(({ type }) => type === SQL_INSTANCE);
  return referredBy(replica, "masterInstanceName", [SQL_INSTANCE], resources).resources.filter(
    (other) => other !== replica,
  );
}
