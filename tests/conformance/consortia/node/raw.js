// A chaincode right on npm's fabric-shim, which lets exceptions out of Invoke and answers what the shim does not expect.
'use strict';
const shim = require('fabric-shim');

const ORGANISATION = process.env.CORE_PEER_LOCALMSPID;

const FUNCTIONS = {
  async put(stub, key, value) { await stub.putState(key, Buffer.from(value)); return shim.success(Buffer.from(value)); },
  async status(stub, status, message) { return { status: parseInt(status), message, payload: Buffer.from('') }; },
  async throw(stub, message) { throw new Error(message); },
  async throwbare() { throw 'bare string'; },
  async orgfail(stub, organisations) {
    if (organisations.split(',').includes(ORGANISATION)) throw new Error(`${ORGANISATION} refuses`);
    await stub.putState('orgfail', Buffer.from('v'));
    return shim.success(Buffer.from('ok'));
  },
};

class Raw {
  async Init() { return shim.success(); }

  async Invoke(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    return FUNCTIONS[fcn](stub, ...params);
  }
}

const words = process.argv.slice(2);
while (words.length) {
  const [ccid, address] = words.splice(0, 2);
  shim.server(new Raw(), { ccid, address }).start();
}
