// The official Node client (@hyperledger/fabric-gateway) doing one thing after another; prints what it saw as JSON.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const { connect, hash, signers, GatewayError, EndorseError, CommitError, checkpointers } = require('@hyperledger/fabric-gateway');

const [profilePath, userFolder, mspId, task] = process.argv.slice(2);
const profile = JSON.parse(fs.readFileSync(profilePath));
const peer = profile.peers[profile.organizations[mspId].peers[0]];
const text = (bytes) => Buffer.from(bytes).toString();
const privateKey = crypto.createPrivateKey(fs.readFileSync(path.join(userFolder, 'key.pem')));
const sign = signers.newPrivateKeySigner(privateKey);

const open = (signer) => {
  const client = new grpc.Client(
    peer.url.replace('grpcs://', ''),
    grpc.credentials.createSsl(Buffer.from(peer.tlsCACerts.pem)),
    { 'grpc.ssl_target_name_override': peer.grpcOptions['ssl-target-name-override'] },
  );
  const identity = { mspId, credentials: fs.readFileSync(path.join(userFolder, 'cert.pem')) };
  const deadline = () => ({ deadline: Date.now() + 30000 });
  const gateway = connect({
    client, identity, signer, hash: hash.sha256,
    evaluateOptions: deadline, endorseOptions: deadline, submitOptions: deadline, commitStatusOptions: deadline,
  });
  return { gateway, client, network: gateway.getNetwork('mychannel'), contract: gateway.getNetwork('mychannel').getContract('lab') };
};

const take = async (iterable, count) => {
  const found = [];
  try {
    for await (const item of iterable) {
      found.push(item);
      if (found.length === count) break;
    }
  } finally {
    iterable.close();
  }
  return found;
};

const failure = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return {
      name: error.constructor.name,
      gateway: error instanceof GatewayError,
      status: error.code in grpc.status ? grpc.status[error.code] : error.code,
      details: (error.details || []).map ? error.details : [],
      message: error.message,
    };
  }
  throw new Error('it did not fail');
};

const TASKS = {
  async calls({ contract }) {
    const submitted = text(await contract.submitTransaction('put', 'node', 'one'));
    return { submitted, evaluated: text(await contract.evaluateTransaction('get', 'node')) };
  },
  async privateData({ contract }) {
    const options = { arguments: ['own'], transientData: { key: 'secret-key', value: 'secret' }, endorsingOrganizations: ['Org1MSP'] };
    await contract.submit('putpvt', options);
    const own = text(await contract.evaluateTransaction('getpvt', 'own', 'secret-key'));
    return { own, hash: text(await contract.evaluateTransaction('getpvthash', 'own', 'secret-key')) };
  },
  async steps({ contract }) {
    const proposal = contract.newProposal('put', { arguments: ['steps', 'two'] });
    const transaction = await proposal.endorse();
    const commit = await transaction.submit();
    const status = await commit.getStatus();
    return {
      result: text(transaction.getResult()), successful: status.successful, code: status.code,
      sameId: status.transactionId === proposal.getTransactionId(), block: Number(status.blockNumber),
    };
  },
  async offline() {
    // The gateway has no key: every message is signed elsewhere, and travels there and back as bytes.
    const { gateway, client, contract } = open(undefined);
    try {
      const unsigned = contract.newProposal('put', { arguments: ['offline', 'three'] });
      const proposal = gateway.newSignedProposal(unsigned.getBytes(), await sign(unsigned.getDigest()));
      const endorsed = await proposal.endorse();
      const transaction = gateway.newSignedTransaction(endorsed.getBytes(), await sign(endorsed.getDigest()));
      const submitted = await transaction.submit();
      const commit = gateway.newSignedCommit(submitted.getBytes(), await sign(submitted.getDigest()));
      const status = await commit.getStatus();
      return { result: text(transaction.getResult()), successful: status.successful };
    } finally {
      gateway.close();
      client.close();
    }
  },
  async chaincodeEvents({ contract, network }) {
    const first = await contract.submitAsync('event', { arguments: ['Arrived', 'n1'] });
    const block = (await first.getStatus()).blockNumber;
    await contract.submitTransaction('event', 'Arrived', 'n2');
    const replayed = await take(await network.getChaincodeEvents('lab', { startBlock: block }), 2);
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointChaincodeEvent(replayed[0]);
    const resumed = await take(await network.getChaincodeEvents('lab', { checkpoint }), 1);
    return {
      replayed: replayed.map((event) => [event.eventName, text(event.payload), event.chaincodeName]),
      resumed: resumed.map((event) => text(event.payload)),
    };
  },
  async blockEvents({ contract, network }) {
    const commit = await contract.submitAsync('put', { arguments: ['block', 'four'] });
    const { blockNumber, transactionId } = await commit.getStatus();
    const [block] = await take(await network.getBlockEvents({ startBlock: blockNumber }), 1);
    const [filtered] = await take(await network.getFilteredBlockEvents({ startBlock: blockNumber }), 1);
    const [withPrivate] = await take(await network.getBlockAndPrivateDataEvents({ startBlock: blockNumber }), 1);
    const ids = filtered.getFilteredTransactionsList().map((each) => each.getTxid());
    return {
      number: Number(block.getHeader().getNumber()) === Number(blockNumber),
      transactions: block.getData().getDataList().length > 0,
      filtered: ids.includes(transactionId),
      withPrivate: Number(withPrivate.getBlock().getHeader().getNumber()) === Number(blockNumber),
    };
  },
  async errors({ contract }) {
    const conflict = contract.newProposal('rmw', { arguments: ['conflict', 'a'] });
    const endorsed = await conflict.endorse();
    await contract.submitTransaction('put', 'conflict', 'b');
    const status = await (await endorsed.submit()).getStatus();
    return {
      evaluate: await failure(contract.evaluateTransaction('error', 'no such luck')),
      endorse: await failure(contract.submitTransaction('error', 'no such luck')),
      unknown: await failure(contract.evaluateTransaction('nothing')),
      conflict: { successful: status.successful, code: status.code },
      isEndorse: (await failure(contract.submitTransaction('error', 'x'))).name === EndorseError.name,
      commitErrorIsKnown: typeof CommitError === 'function',
    };
  },
};

(async () => {
  const opened = open(sign);
  try {
    process.stdout.write(JSON.stringify(await TASKS[task](opened)));
  } finally {
    opened.gateway.close();
    opened.client.close();
  }
})().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error.details || '')}\n`);
  process.exitCode = 1;
});
