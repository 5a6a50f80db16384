import { SQL_INSTANCE, SQL_USER } from "../../../config/resource-types";
import { stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import {
  demandProblems,
  identityFlagProblems,
  identityNameProblems,
  identityOf,
  plainClientProblems,
  stoppedProblem,
} from "../../resources/database-demands";
import { clientsByInstance, type InstanceClients } from "../../resources/direct-clients";
import { referredBy } from "../../resources/references";

export const databaseClientAccepted = stackRule({
  name: "database-client-accepted",
  info: "A database instance runs and accepts the program's clients: the way they connect, and the users they log in as.",
  why: "No preview compares an instance's requirements with its clients: every connect is rejected, whatever the size.",
  severity: "critical",
  remediation:
    "Lower the requirement to what the clients meet, or give them the Auth Proxy, a connector library or the flag that they need.",
  judge(resources, context) {
    const clients = clientsByInstance(resources, context);
    const users = ofTypes(resources, SQL_USER);
    for (const instance of ofTypes(resources, SQL_INSTANCE)) {
      context.attempt(instance, () => {
        const { all, direct }: InstanceClients = clients.get(instance) ?? { all: [], direct: [] };
        const stopped = stoppedProblem(instance, all);
        if (stopped && all.length > 0) return context.refuse(stopped, instance);
        if (stopped) context.advise(stopped, instance);
        for (const found of demandProblems(instance, direct)) context.refuse(found, instance);
        for (const { problem, resource } of plainClientProblems(instance, direct)) context.refuse(problem, resource);
      });
      const own = users.filter(
        (user) =>
          identityOf(user) !== undefined &&
          referredBy(user, "instance", [SQL_INSTANCE], resources).resources.includes(instance),
      );
      context.attempt(instance, () => {
        for (const found of identityFlagProblems(instance, own)) context.refuse(found, instance);
      });
      for (const user of own)
        context.attempt(user, () => {
          for (const found of identityNameProblems(user, instance)) context.refuse(found, user);
        });
    }
  },
});
