// A gateway of the official Node client to an organisation's first peer, and the gRPC client that it goes through.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const { connect, hash, signers } = require('@hyperledger/fabric-gateway');

module.exports = function connected(profilePath, userFolder, mspId) {
  const profile = JSON.parse(fs.readFileSync(profilePath));
  const peer = profile.peers[profile.organizations[mspId].peers[0]];
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
  return { client, gateway };
};
