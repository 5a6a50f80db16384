import { databaseClientProblems } from "../capacity/database-client";
import { type DatabaseClientVariables, databaseVariables } from "../capacity/plan";
import { databasesOf, type UsedDatabases, usesSocket } from "./database-of";
import { MalformedValueError } from "./inputs";
import type { StackContext, StackResource } from "./rule";
import { regionsOf } from "./vpc-access";
import { type Container, databaseClient, databaseContainers, maximumSetting, maxInstancesOf, type Workload, workloadOf } from "./workload";
