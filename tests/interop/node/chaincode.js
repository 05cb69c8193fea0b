// A chaincode on npm's fabric-shim; every function asks the peer for one kind of thing.
'use strict';
const shim = require('fabric-shim');

const text = (bytes) => Buffer.from(bytes).toString();

async function all(iterator) {
  const found = [];
  for (;;) {
    const { value, done } = await iterator.next();
    if (value) found.push([value.key || value.txId, text(value.value)]);
    if (done) {
      await iterator.close();
      return found;
    }
  }
}

const FUNCTIONS = {
  async put(stub, key, value) { await stub.putState(key, Buffer.from(value)); return value; },
  async get(stub, key) { return text(await stub.getState(key)); },
  async del(stub, key) { await stub.deleteState(key); return ''; },
  async range(stub, start, end) { return JSON.stringify(await all(await stub.getStateByRange(start, end))); },
  async page(stub, start, end, size, bookmark) {
    const { iterator, metadata } = await stub.getStateByRangeWithPagination(start, end, parseInt(size), bookmark);
    return JSON.stringify({ found: await all(iterator), next: metadata.bookmark, count: metadata.fetchedRecordsCount });
  },
  async composite(stub, kind, ...parts) { await stub.putState(stub.createCompositeKey(kind, parts), Buffer.from('c')); return 'ok'; },
  async partial(stub, kind, ...parts) {
    const found = await all(await stub.getStateByPartialCompositeKey(kind, parts));
    return JSON.stringify(found.map(([key]) => stub.splitCompositeKey(key).attributes));
  },
  async history(stub, key) { return JSON.stringify((await all(await stub.getHistoryForKey(key))).map(([, value]) => value)); },
  async hide(stub, collection, key) { await stub.putPrivateData(collection, key, stub.getTransient().get('value')); return 'ok'; },
  async reveal(stub, collection, key) { return text(await stub.getPrivateData(collection, key)); },
  async hash(stub, collection, key) { return Buffer.from(await stub.getPrivateDataHash(collection, key)).toString('hex'); },
  async purge(stub, collection, key) { await stub.purgePrivateData(collection, key); return 'ok'; },
  async lock(stub, key, ...organisations) {
    const policy = new shim.KeyEndorsementPolicy();
    policy.addOrgs('PEER', ...organisations);
    await stub.setStateValidationParameter(key, policy.getPolicy());
    return 'ok';
  },
  async locked(stub, key) {
    const policy = await stub.getStateValidationParameter(key);
    return JSON.stringify(policy && policy.length ? new shim.KeyEndorsementPolicy(policy).listOrgs() : []);
  },
  async announce(stub, name, payload) { stub.setEvent(name, Buffer.from(payload)); return 'ok'; },
  async who(stub) { const { mspid } = stub.getCreator(); return JSON.stringify([mspid, stub.getChannelID(), stub.getTxID()]); },
  async call(stub, chaincode, ...args) {
    const { status, payload } = await stub.invokeChaincode(chaincode, args, '');
    return `${status} ${text(payload)}`;
  },
};

class Chaincode {
  async Init() { return shim.success(); }

  async Invoke(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    try {
      return shim.success(Buffer.from(await FUNCTIONS[fcn](stub, ...params)));
    } catch (error) {
      return shim.error(error.message);
    }
  }
}

const [ccid, address] = process.argv.slice(2);
const server = shim.server(new Chaincode(), { ccid, address });
server.start();
process.on('SIGTERM', () => process.exit(0));
