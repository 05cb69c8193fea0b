// The official Node client making the calls that a JSON list on its standard input asks for; prints each answer.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const { connect, hash, signers } = require('@hyperledger/fabric-gateway');

const [profilePath, userFolder, mspId] = process.argv.slice(2);
const profile = JSON.parse(fs.readFileSync(profilePath));
const peer = profile.peers[profile.organizations[mspId].peers[0]];
const text = (bytes) => Buffer.from(bytes).toString();

const client = new grpc.Client(
  peer.url.replace('grpcs://', ''),
  grpc.credentials.createSsl(Buffer.from(peer.tlsCACerts.pem)),
  { 'grpc.ssl_target_name_override': peer.grpcOptions['ssl-target-name-override'] },
);
const gateway = connect({
  client,
  identity: { mspId, credentials: fs.readFileSync(path.join(userFolder, 'cert.pem')) },
  signer: signers.newPrivateKeySigner(crypto.createPrivateKey(fs.readFileSync(path.join(userFolder, 'key.pem')))),
  hash: hash.sha256,
});
const network = gateway.getNetwork('mychannel');

const events = async (chaincode, count) => {
  const found = [];
  const stream = await network.getChaincodeEvents(chaincode, { startBlock: BigInt(0) });
  try {
    for await (const event of stream) {
      found.push([event.eventName, text(event.payload)]);
      if (found.length === count) return found;
    }
  } finally {
    stream.close();
  }
  return found;
};

const call = async ({ kind, chaincode, name, args, transient, count }) => {
  if (kind === 'events') return events(chaincode, count);
  const options = { arguments: args };
  if (transient) Object.assign(options, { transientData: transient, endorsingOrganizations: [mspId] });
  try {
    return text(await network.getContract(chaincode)[kind](name, options));
  } catch (error) {
    return { refused: (error.details || []).map((detail) => detail.message) };
  }
};

(async () => {
  const answers = [];
  for (const asked of JSON.parse(fs.readFileSync(0))) answers.push(await call(asked));
  process.stdout.write(JSON.stringify(answers));
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}).finally(() => {
  gateway.close();
  client.close();
});
