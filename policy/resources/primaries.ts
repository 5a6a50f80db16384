import { SQL_INSTANCE } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { referredBy } from "./references";

/**
 * The instances that a read replica follows; empty for a primary. A preview does not know the primary's name of an
 * instance that has none: then only what it is handed says one.
 */
export function primariesOf(replica: StackResource, resources: readonly StackResource[]): readonly StackResource[] {
  const { properties, propertyDependencies } = replica;
  if (properties.isUnknown("masterInstanceName"))
    return propertyDependencies.filter(({ type }) => type === SQL_INSTANCE);
  return referredBy(replica, "masterInstanceName", [SQL_INSTANCE], resources).resources.filter(
    (other) => other !== replica,
  );
}
