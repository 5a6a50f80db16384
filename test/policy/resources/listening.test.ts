import { describe, expect, test } from "vitest";
import { Inputs } from "../../../policy/framework/inputs";
import { loopbackListener } from "../../../policy/resources/listening";
import { UNKNOWN } from "../harness";

const listener = (container: object, port: number) =>
  loopbackListener({ inputs: new Inputs(container, "c"), variables: [] }, port);
const PROXY = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.2";
const INSTANCE = "netra-staging:us-central1:staging-shared-postgres";

describe("Google's proxy", () => {
  const proxy = (args: unknown[], port: number, rest: object = {}) => listener({ image: PROXY, args, ...rest }, port);

  test("listens at 127.0.0.1 by default", () => {
    const refused = {
      setting: "c.args",
      value: "--address=127.0.0.1",
      fix: "these with --address=0.0.0.0, or with --health-check and --http-address=0.0.0.0, and the probe to httpGet of /startup on port 9090",
    };
    expect(proxy(["--port=5432", INSTANCE], 5432)).toEqual(refused);
    // The instance's name is an output.
    expect(proxy(["--port=5432", UNKNOWN], 5432)).toEqual(refused);
    expect(proxy([`${INSTANCE}?address=127.0.0.1`], 5432)).toEqual(refused);
    for (const args of [
      ["--address=0.0.0.0", INSTANCE],
      ["-a", "0.0.0.0", INSTANCE],
      [`${INSTANCE}?address=0.0.0.0&port=5432`],
    ])
      expect(proxy(args, 5432)).toBeUndefined();
  });

  test("answers a health check where that is on, and at the address that it has", () => {
    expect(proxy(["--health-check", "--http-address=0.0.0.0", INSTANCE], 9090)).toBeUndefined();
    expect(
      proxy(["--health-check", "--http-address", "0.0.0.0", "--http-port", "8090", INSTANCE], 8090),
    ).toBeUndefined();
    expect(proxy(["--health-check", INSTANCE], 9090)?.fix).toBe("these with --http-address=0.0.0.0");
    expect(proxy(["--http-address=0.0.0.0", INSTANCE], 9090)?.fix).toBe(
      "these with --health-check and --http-address=0.0.0.0",
    );
  });

  test("is read from a shell's script, from variables and by its program's name", () => {
    const script = (text: string) =>
      listener({ image: "netra/proxy:1", commands: ["/bin/sh", "-c"], args: [text] }, 5432);
    expect(script(`exec /cloud-sql-proxy --port 5432 ${INSTANCE}`)).toBeDefined();
    expect(script(`exec /cloud-sql-proxy --address 0.0.0.0 ${INSTANCE}`)).toBeUndefined();
    const variables = (...names: [string, string][]) => ({ envs: names.map(([name, value]) => ({ name, value })) });
    expect(proxy([INSTANCE], 5432, variables(["CSQL_PROXY_ADDRESS", "0.0.0.0"]))).toBeUndefined();
    expect(
      proxy([INSTANCE], 9090, variables(["CSQL_PROXY_HEALTH_CHECK", "true"], ["CSQL_PROXY_HTTP_ADDRESS", "0.0.0.0"])),
    ).toBeUndefined();
    expect(proxy(["--config-file=/etc/proxy.toml"], 5432)).toBeUndefined();
  });

  test("has other flags in its first version", () => {
    const v1 = (instance: string, port = 5432) =>
      listener({ image: "gcr.io/cloudsql-docker/gce-proxy:1.33", commands: ["/cloud_sql_proxy", instance] }, port);
    expect(v1(`-instances=${INSTANCE}=tcp:5432`)?.fix).toBe("these with tcp:0.0.0.0:5432 in -instances");
    expect(v1(`-instances=${INSTANCE}=tcp:0.0.0.0:5432`)).toBeUndefined();
    expect(v1(`-instances=${INSTANCE}=tcp:5432`, 8090)).toBeUndefined();
  });
});

describe("any other server", () => {
  const server = (args: string[], port = 8000) => listener({ image: "netra/backend:1", args }, port);

  test.each<[string[], string, string]>([
    [["--host", "127.0.0.1"], "--host=127.0.0.1", "these with --host=0.0.0.0"],
    [["--host=localhost", "--port=8000"], "--host=localhost", "these with --host=0.0.0.0"],
    [["--listen", "127.0.0.1:8000"], "--listen=127.0.0.1:8000", "these with --listen=0.0.0.0:8000"],
    [["--bind=[::1]:8000"], "--bind=[::1]:8000", "these with --bind=0.0.0.0:8000"],
    [["-b", "tcp://127.0.0.1:8000"], "-b tcp://127.0.0.1:8000", "these with -b tcp://0.0.0.0:8000"],
  ])("with %j listens to itself only", (args, value, fix) =>
    expect(server(args)).toEqual({ setting: "c.args", value, fix }),
  );

  test.each<[string[]]>([
    [[]],
    [["--host", "0.0.0.0"]],
    [["--host", "::"]],
    [["--bind", ":8000"]],
    [["--listen", "127.0.0.1:9901"]],
    [["--host=127.0.0.1", "--port=9000"]],
    [["-b", "127.0.0.1:8000", "-b", "0.0.0.0:8000"]],
    [["--host", "$HOST"]],
    [["--database-host", "127.0.0.1"]],
  ])("with %j is not known to", (args) => expect(server(args)).toBeUndefined());

  test("is read from its variables, which the command line overrules", () => {
    const bouncer = (args: string[], name: string, value: string) =>
      listener({ image: "edoburu/pgbouncer:1", args, envs: [{ name, value }] }, 6432);
    expect(bouncer([], "LISTEN_ADDR", "127.0.0.1")).toEqual({
      setting: "c.envs[LISTEN_ADDR]",
      value: "127.0.0.1",
      fix: "0.0.0.0",
    });
    expect(bouncer([], "GUNICORN_CMD_ARGS", "--workers 2 --bind 127.0.0.1:6432")).toEqual({
      setting: "c.envs[GUNICORN_CMD_ARGS]",
      value: "--bind=127.0.0.1:6432",
      fix: "these with --bind=0.0.0.0:6432",
    });
    for (const [name, value] of [
      ["LISTEN_ADDR", "0.0.0.0"],
      ["LISTEN_ADDR", UNKNOWN],
      ["POSTGRES_HOST", "127.0.0.1"],
      ["GUNICORN_CMD_ARGS", "--workers 2"],
    ] as const)
      expect(bouncer([], name, value)).toBeUndefined();
    expect(bouncer(["--host=0.0.0.0"], "LISTEN_ADDR", "127.0.0.1")).toBeUndefined();
  });
});
