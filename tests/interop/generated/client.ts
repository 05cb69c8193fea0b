// The types that openapi-typescript makes and openapi-fetch uses, on a gateway; prints what it saw as JSON.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

declare const process: { argv: string[] };
const [base, token] = process.argv.slice(2) as [string, string];
const open = (bearer: string) => createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${bearer}` } });
const path = { channel: "mychannel", chaincode: "lab" };
const submit = "/v1/channels/{channel}/chaincodes/{chaincode}/submit";
const evaluate = "/v1/channels/{channel}/chaincodes/{chaincode}/evaluate";

async function main(): Promise<void> {
  const client = open(token);
  const made = await client.POST("/v1/tokens", { body: { scopes: ["read", "write"], days: 1 } });
  const listed = await client.GET("/v1/tokens");
  const narrow = open(made.data!.token!);
  const body = { function: "put", arguments: ["generated", "by TypeScript"] };
  const keyed = { path, header: { "Idempotency-Key": "typescript-1" } };
  const receipt = await narrow.POST(submit, { params: keyed, body });
  const written = receipt.data!;
  if (!("transaction_id" in written)) throw new Error("a job is the answer, and none was asked for");
  const again = await narrow.POST(submit, { params: keyed, body });
  const read = await narrow.POST(evaluate, { params: { path }, body: { function: "get", arguments: ["generated"] } });
  const status = await narrow.GET("/v1/channels/{channel}/transactions/{transaction_id}/status", {
    params: { path: { channel: "mychannel", transaction_id: written.transaction_id! } },
  });
  const problem = await narrow.POST(evaluate, { params: { path }, body: { function: "nothing" } });
  const refused = await narrow.GET("/v1/tokens");
  const entry = listed.data!.find((each) => each.scopes!.join(" ") === "read write")!;
  const revoked = await client.POST("/v1/tokens/{token_id}/revocation", { params: { path: { token_id: entry.id! } } });
  console.log(JSON.stringify({
    read: read.data!.result,
    valid: status.data!.valid,
    replayed: again.response.headers.get("Idempotency-Replayed") === "true" && JSON.stringify(again.data) === JSON.stringify(receipt.data),
    problem: [problem.error!.status, problem.error!.code, problem.error!.cure === undefined],
    refused: [refused.response.status, refused.error!.code],
    revoked: revoked.data!.revoked,
  }));
}

void main();
